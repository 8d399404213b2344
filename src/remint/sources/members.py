"""What the `path` of a source names inside an archive: one file, or with a `*` several, put into one tar file.

The tar file depends on the names and contents of its members alone, so that a package of any kind and a public
repository's archive can give the same bytes.
"""

import difflib
import re
import tarfile
from collections.abc import Generator
from pathlib import Path, PurePosixPath

from remint import paths, progress
from remint.files import scratch_folder
from remint.sources import archive
from remint.sources.base import CHUNK, UnavailableError, chunks


def matching(path: str, names: list[str]) -> list[str]:
    """Give the names that a path stands for, sorted; a `*` stands for anything but a slash.

    The folder that wraps around all (`package/`, `NAME-VERSION/`, `./`) may be left out of the path.
    """
    pattern = re.compile("[^/]*".join(map(re.escape, path.split("*"))))
    whole = {name for name in names if pattern.fullmatch(name)}
    return sorted(whole or {name for name in names if pattern.fullmatch(name.partition("/")[2])})


def read(found: Path, path: str) -> Generator[bytes]:
    """Give what the path names in an archive, in pieces.

    Raises UnavailableError for a damaged archive, and where it has no such file (near names are listed).
    """
    names = archive.names(found)
    wanted = matching(path, names)
    if not wanted:
        raise missing(path, found.name, names)
    if "*" in path:
        yield from _together(found, path, wanted)
        return
    with archive.member(found, wanted[0]) as (handle, size):
        yield from chunks(handle, f"unpacking {PurePosixPath(wanted[0]).name}", size)


def missing(path: str, archive_name: str, names: list[str]) -> UnavailableError:
    """Tell that an archive lacks a path, and which ones are near."""
    wanted = PurePosixPath(path).name
    near = [name for name in names if PurePosixPath(name).name == wanted]
    near = (near + difflib.get_close_matches(path, names, n=5, cutoff=0.5))[:5]
    hint = f"; near: {', '.join(dict.fromkeys(near))}" if near else f"; it holds {len(names)} files"
    return UnavailableError(f"{archive_name} has no such file{hint}")


def _together(found: Path, path: str, names: list[str]) -> Generator[bytes]:
    """Give an uncompressed tar of members named from below the last folder without a `*`, sorted by that name."""
    with scratch_folder(paths.DOWNLOADS) as folder:
        files = {name: folder / str(number) for number, name in enumerate(names)}
        archive.copy(found, files)
        inside = sorted((_name_inside(name, path), file) for name, file in files.items())
        total = sum(file.stat().st_size for _, file in inside)
        done = 0
        for name, file in inside:
            yield from _entry(name, file)
            done += file.stat().st_size
            progress.report(f"putting {PurePosixPath(path).name} together", done, total)
    yield bytes(2 * tarfile.BLOCKSIZE)


def _name_inside(name: str, path: str) -> str:
    parts = PurePosixPath(name).parts
    return "/".join(parts[len(parts) - path.count("/") - 1 + path.partition("*")[0].count("/") :])


def _entry(name: str, file: Path) -> Generator[bytes]:
    """Give a member's header (owner 0, time 0, mode 0644), its content, and what fills the last block."""
    member = tarfile.TarInfo(name)
    member.size = file.stat().st_size
    yield member.tobuf(tarfile.PAX_FORMAT)
    with file.open("rb") as handle:
        yield from iter(lambda: handle.read(CHUNK), b"")
    yield bytes(-member.size % tarfile.BLOCKSIZE)
