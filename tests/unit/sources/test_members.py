import io
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from remint import paths, progress
from remint.errors import RemintError
from remint.sources import archive, members
from remint.sources.base import UnavailableError

pytestmark = pytest.mark.usefixtures("workdir")
FILES = {"data/b.txt": b"B" * 700, "data/a.txt": b"A", "data/deep/a.txt": b"deep", "notes.md": b"n"}


@pytest.fixture(autouse=True)
def _downloads(workdir: Path) -> None:
    paths.DOWNLOADS.mkdir(parents=True)


def as_zip(top: str, files: dict[str, bytes]) -> Path:
    with zipfile.ZipFile("a.zip", "w", zipfile.ZIP_DEFLATED) as opened:
        for name, content in files.items():
            opened.writestr(top + name, content)
    return Path("a.zip")


def as_tar(top: str, files: dict[str, bytes]) -> Path:
    with tarfile.open("a.tgz", "w:gz") as opened:
        for name, content in reversed(files.items()):
            member = tarfile.TarInfo(top + name)
            member.size, member.mtime, member.uid, member.mode = len(content), 12345, 77, 0o600
            opened.addfile(member, io.BytesIO(content))
    return Path("a.tgz")


def read(found: Path, path: str) -> bytes:
    return b"".join(members.read(found, path))


@pytest.mark.parametrize("pack", [as_zip, as_tar])
@pytest.mark.parametrize("top", ["", "package/", "./"])
def test_one_file_is_found_with_and_without_the_folder_around_all(pack: Callable, top: str) -> None:
    found = pack(top, FILES)
    assert read(found, f"{top}data/a.txt") == b"A"
    assert read(found, "data/a.txt") == b"A"


def test_a_star_gives_a_tar_that_depends_on_names_and_contents_alone() -> None:
    found = {read(pack(top, FILES), "data/*.txt") for pack in (as_zip, as_tar) for top in ("", "package/")}
    (content,) = found
    with tarfile.open(fileobj=io.BytesIO(content)) as opened:
        assert [(m.name, m.mtime, m.uid, m.gid, m.uname, m.mode) for m in opened.getmembers()] == [
            ("a.txt", 0, 0, 0, "", 0o644),
            ("b.txt", 0, 0, 0, "", 0o644),
        ]
        assert opened.extractfile("b.txt").read() == b"B" * 700
    assert content.startswith(b"a.txt\0")
    assert not list(paths.DOWNLOADS.iterdir())


def test_names_begin_below_the_last_folder_without_a_star() -> None:
    with tarfile.open(fileobj=io.BytesIO(read(as_tar("x/", FILES), "data/*/a.txt"))) as opened:
        assert opened.getnames() == ["deep/a.txt"]
    renamed = {name.replace("data", "资料"): content for name, content in FILES.items()}
    assert read(as_tar("", renamed), "资料/*.txt") == read(as_zip("", FILES), "data/*.txt")


def test_a_star_stands_for_anything_but_a_slash() -> None:
    names = ["p/x.0.json", "p/x.10.json", "p/error/x.0.json", "p/x.json"]
    assert members.matching("p/x.*.json", names) == ["p/x.0.json", "p/x.10.json"]
    assert members.matching("x.*.json", names) == ["p/x.0.json", "p/x.10.json"]
    assert members.matching("p/x.?.json", names) == []


def test_a_missing_path_names_near_ones() -> None:
    with pytest.raises(UnavailableError, match=r"^a\.zip has no such file; near: data/a\.txt, data/deep/a\.txt"):
        read(as_zip("", FILES), "date/a.txt")
    with pytest.raises(UnavailableError, match=r"^a\.zip has no such file; "):
        read(as_zip("", FILES), "data/*.csv")


def test_a_damaged_archive_is_told_where_several_are_read_too() -> None:
    content = bytearray(as_zip("", FILES).read_bytes())
    content[45] ^= 0xFF
    Path("a.zip").write_bytes(content)
    with pytest.raises(UnavailableError, match=r"^a\.zip is a damaged archive: "):
        read(Path("a.zip"), "data/*.txt")


def test_a_full_disk_is_no_damaged_archive(monkeypatch: pytest.MonkeyPatch) -> None:
    found = as_tar("", FILES)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(archive.shutil, "copyfileobj", full)
    with pytest.raises(RemintError, match=r"^\.remint/downloads cannot be written: No space left on device$"):
        read(found, "data/*.txt")


def test_progress_tells_the_bytes_put_together() -> None:
    reports: list[tuple[str, int, int]] = []
    with progress.shown_by(lambda *report: reports.append(report)):
        read(as_zip("", FILES), "data/*.txt")
    assert reports[-1] == ("putting *.txt together", 701, 701)
