import base64
import hashlib
import io
import json
import shutil
import tarfile
from pathlib import Path

import pytest

from remint import paths
from remint.errors import DataError
from remint.sources.fetch import fetch
from remint.sources.kept import keeping
from tests.unit.sources.conftest import Server, file_from, sha256

needs_npm = pytest.mark.skipif(shutil.which("npm") is None, reason="npm is not installed")


@pytest.fixture
def registry(server: Server, workdir: Path, monkeypatch: pytest.MonkeyPatch) -> Server:
    """A registry that has `shop` 1.0.0, whose scripts would fail."""
    monkeypatch.setenv("npm_config_registry", server.url(""))
    monkeypatch.setenv("npm_config_userconfig", str(workdir / "no-npmrc"))
    about = {"name": "shop", "version": "1.0.0", "scripts": {"prepack": "exit 1", "install": "exit 1"}}
    content = packed(
        {"package.json": json.dumps(about).encode(), "data/fruit.csv": b"name\napple\n", "data/x.csv": b""}
    )
    integrity = "sha512-" + base64.b64encode(hashlib.sha512(content).digest()).decode()
    dist = {"tarball": server.url("shop-1.0.0.tgz"), "integrity": integrity}
    versions = {"1.0.0": {**about, "dist": dist}}
    server.files["shop"] = json.dumps({"name": "shop", "dist-tags": {"latest": "1.0.0"}, "versions": versions}).encode()
    server.files["shop-1.0.0.tgz"] = content
    return server


def packed(files: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(f"package/{name}")
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return buffer.getvalue()


def shop(path: str, version: str = "1.0.0", name: str = "shop") -> dict[str, str]:
    return {"kind": "npm", "name": name, "version": version, "path": path}


def refusal(source: dict[str, str]) -> str:
    with pytest.raises(DataError) as error:
        fetch("fruit.csv", file_from(b"", source))
    line = str(error.value).splitlines()[1]
    start = f"  npm {source['name']} {source['version']}, {source['path']}: "
    assert line.startswith(start)
    return line.removeprefix(start)


@needs_npm
def test_files_of_a_package_are_fetched_by_one_download(registry: Server) -> None:
    with keeping():
        path = fetch("fruit.csv", file_from(b"name\napple\n", shop("data/fruit.csv")))
        fetch("x.csv", file_from(b"", shop("data/x.csv")))
    assert path.read_bytes() == b"name\napple\n"
    assert registry.requests.count("GET /shop-1.0.0.tgz") == 1
    assert sorted(p.name for p in paths.DOWNLOADS.iterdir()) == sorted([sha256(b"name\napple\n"), sha256(b"")])


@needs_npm
def test_what_the_registry_lacks_is_told(registry: Server) -> None:
    assert refusal(shop("data/fruit.csv", "2.0.0")) == "the npm registry offers no version 2.0.0 of shop"
    assert refusal(shop("data/fruit.csv", name="shopp")) == "the npm registry offers no shopp"
    assert refusal(shop("date/fruit.csv")) == (
        "shop-1.0.0.tgz has no such file; near: package/data/fruit.csv, package/data/x.csv"
    )


@needs_npm
def test_no_network_is_told(registry: Server, refused_port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("remint.sources.npm._OPTIONS", ("--loglevel=error", "--fetch-retries=0"))
    monkeypatch.setenv("npm_config_registry", f"http://127.0.0.1:{refused_port}/")
    assert refusal(shop("data/fruit.csv")) == "the npm registry cannot be reached: ECONNREFUSED"


def test_no_npm_is_told(workdir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(workdir))
    assert refusal(shop("data/fruit.csv")) == "npm is not installed on this machine"
    assert not list(paths.DOWNLOADS.iterdir())
