import gzip
from pathlib import Path

import pytest

from remint.config.source import SourceFile
from remint.errors import DataError
from remint.sources.fetch import fetch
from remint.sources.gunzip import gunzipped
from tests.unit.sources.conftest import sha256

CONTENT = bytes(range(256)) * 5000


def pieces(content: bytes, size: int = 1000) -> list[bytes]:
    return [content[start : start + size] for start in range(0, len(content), size)]


def file_of(name: str) -> SourceFile:
    declared = {"sha256": sha256(CONTENT), "gunzip": True, "from": [{"kind": "file", "path": name}]}
    return SourceFile.model_validate(declared)


@pytest.mark.parametrize(
    "content",
    [gzip.compress(CONTENT), gzip.compress(CONTENT[:7]) + gzip.compress(CONTENT[7:])],
    ids=["whole", "parts"],
)
def test_a_gzip_of_one_or_two_parts_is_undone(content: bytes) -> None:
    assert b"".join(gunzipped(pieces(content))) == CONTENT


def test_what_is_no_gzip_passes() -> None:
    assert b"".join(gunzipped(pieces(CONTENT))) == CONTENT


def test_the_header_of_the_gzip_does_not_count(workdir: Path) -> None:
    for name, time in (("a.gz", 1), ("b.gz", 2)):
        Path(name).write_bytes(gzip.compress(CONTENT, mtime=time))
        fetched = fetch(name, file_of(name))
        assert fetched.read_bytes() == CONTENT
        fetched.unlink()  # else the second would come out of the cache


def test_a_mirror_holds_what_was_inside(workdir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Path("mirror").mkdir()
    Path("mirror", sha256(CONTENT)).write_bytes(CONTENT)
    monkeypatch.setenv("REMINT_MIRROR", "mirror")
    assert fetch("a", file_of("absent.gz")).read_bytes() == CONTENT


@pytest.mark.parametrize(
    ("damage", "told"),
    [
        (lambda c: c[:-9], "its gzip ends too early"),
        (lambda c: c[:60] + b"\xff" * 40 + c[100:], "it is a damaged gzip: "),
    ],
)
def test_a_damaged_gzip_is_told(workdir: Path, damage: object, told: str) -> None:
    Path("a.gz").write_bytes(damage(gzip.compress(CONTENT)))
    with pytest.raises(DataError, match=rf"file a\.gz: {told}"):
        fetch("a.gz", file_of("a.gz"))
