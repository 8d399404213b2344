import gzip
import time
import zipfile
from pathlib import Path

import pytest

from remint.errors import DataError
from remint.sources.fetch import fetch
from remint.sources.kept import keeping
from tests.unit.sources.conftest import Server, file_from, sha256

CONTENT = b"0123456789" * 300_000


def refusal(url: str) -> str:
    """The reason that the error gives for the one alternative."""
    with pytest.raises(DataError) as error:
        fetch("a.bin", file_from(CONTENT, {"kind": "url", "url": url}))
    head, line, *rest = str(error.value).splitlines()
    assert (head, rest) == ("a.bin cannot be fetched:", [])
    assert line.startswith(f"  url {url}: ")
    return line.removeprefix(f"  url {url}: ")


def test_http_is_read_by_one_request(workdir: Path, server: Server) -> None:
    server.files["a.bin"] = CONTENT
    path = fetch("a.bin", file_from(CONTENT, {"kind": "url", "url": server.url("a.bin")}))
    assert path.read_bytes() == CONTENT
    assert server.requests == ["GET /a.bin"]


def test_a_body_that_the_server_calls_gzip_encoded_is_stored_as_it_is(workdir: Path, server: Server) -> None:
    packed = gzip.compress(CONTENT)
    server.files["a.gz"] = packed
    path = fetch("a.gz", file_from(packed, {"kind": "url", "url": server.url("gzip-encoded/a.gz")}))
    assert path.name == sha256(packed)


def test_a_file_url_is_read(workdir: Path) -> None:
    Path("a.bin").write_bytes(CONTENT)
    url = Path("a.bin").absolute().as_uri()
    assert fetch("a.bin", file_from(CONTENT, {"kind": "url", "url": url})).read_bytes() == CONTENT


def test_not_found(workdir: Path, server: Server) -> None:
    assert refusal(server.url("a.bin")) == "not found"
    assert refusal(Path("absent.bin").absolute().as_uri()) == "not found"


def test_the_servers_own_trouble(workdir: Path, server: Server) -> None:
    assert refusal(server.url("broken/a.bin")) == "the server answers 503 Under repair"


def test_a_truncated_body_is_no_file(workdir: Path, server: Server) -> None:
    server.files["a.bin"] = CONTENT
    assert refusal(server.url("truncated/a.bin")).startswith("the connection broke before the end: ")


def test_a_refused_connection_fails_at_once(workdir: Path, refused_port: int) -> None:
    start = time.monotonic()
    assert refusal(f"http://127.0.0.1:{refused_port}/a.bin").startswith("cannot connect: ")
    assert time.monotonic() - start < 5


def test_a_host_without_address(workdir: Path) -> None:
    assert refusal("http://no-such-host.invalid/a.bin").startswith("cannot connect: ")


def test_a_silent_server_is_given_up(workdir: Path, server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("remint.sources.url.READ_SECONDS", 0.3)
    server.files["a.bin"] = CONTENT
    assert refusal(server.url("stalling/a.bin")) == "no answer within 10 s to connect, 0.3 s to read"


def test_an_unknown_protocol_names_a_near_one(workdir: Path) -> None:
    reason = refusal("htps://example.invalid/a.bin")
    assert reason.startswith('unknown protocol "htps"; allowed: http, https, ')
    assert 'did you mean "http' in reason


def test_a_protocol_whose_package_is_not_installed_says_which(workdir: Path) -> None:
    pytest.importorskip("fsspec")
    assert "its protocol lacks a package here: " in refusal("libarchive://a.bin::file:///nowhere.zip")


def test_a_chain_of_protocols_is_read(workdir: Path, server: Server) -> None:
    with zipfile.ZipFile("a.zip", "w") as archive:
        archive.writestr("a.bin", CONTENT)
    url = f"zip://a.bin::{Path('a.zip').absolute().as_uri()}"
    assert fetch("a.bin", file_from(CONTENT, {"kind": "url", "url": url})).read_bytes() == CONTENT
    server.files["a.gz"] = gzip.compress(CONTENT)
    cached = f"simplecache::{server.url('a.gz')}"
    assert fetch("a.gz", file_from(server.files["a.gz"], {"kind": "url", "url": cached})).is_file()


def test_a_file_out_of_the_archive_behind_a_url_by_one_download(workdir: Path, server: Server) -> None:
    with zipfile.ZipFile("a.zip", "w") as archive:
        archive.writestr("top-1.0/a.bin", CONTENT)
        archive.writestr("top-1.0/b.bin", b"b")
    server.files["a.zip"] = Path("a.zip").read_bytes()
    with keeping():
        for path, content in (("a.bin", CONTENT), ("b.bin", b"b")):
            source = {"kind": "url", "url": server.url("a.zip"), "path": path}
            assert fetch(path, file_from(content, source)).read_bytes() == content
    assert server.requests == ["GET /a.zip"]
    with pytest.raises(DataError, match=r"url \S+/a\.zip, c\.bin: a\.zip has no such file; it holds 2 files"):
        fetch("c.bin", file_from(b"c", {"kind": "url", "url": server.url("a.zip"), "path": "c.bin"}))
