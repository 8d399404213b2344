"""A file that may be compressed: its content tells, not its name, since the cache of downloads has no suffixes."""

import bz2
import gzip
import lzma
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, cast

from remint.config.messages import nearest
from remint.errors import DataError

_OPENERS: dict[bytes, Callable[[BinaryIO], Any]] = {
    b"\x1f\x8b": gzip.open,
    b"\xfd7zXZ\x00": lzma.open,
    b"BZh": bz2.open,
}
_ZIP = (b"PK\x03\x04", b"PK\x05\x06")


_DAMAGE = (zipfile.BadZipFile, tarfile.TarError, gzip.BadGzipFile, lzma.LZMAError, zlib.error, EOFError)


@contextmanager
def unpacked(name: str, path: Path, member: str = "") -> Iterator[BinaryIO]:
    """Open the content of a zip with one file in it, of a gzip, xz or bzip2, or of a plain file.

    With a `member`, that file of a zip or tar archive. Raises DataError, also while the content is being read, for a
    damaged archive, a member that is not there, or a zip with several files.
    """
    with damage(name):
        if member:
            with _member(name, path, member) as stream:
                yield stream
            return
        with path.open("rb") as handle:
            magic = handle.read(6)
            handle.seek(0)
            opener = next((o for start, o in _OPENERS.items() if magic.startswith(start)), None)
            if magic.startswith(_ZIP):
                with zipfile.ZipFile(handle) as archive, archive.open(_only_file(name, archive)) as stream:
                    yield cast(BinaryIO, stream)
            elif opener:
                with opener(handle) as stream:
                    yield cast(BinaryIO, stream)
            else:
                yield handle


@contextmanager
def damage(name: str) -> Iterator[None]:
    """Turn what a damaged archive raises inside the block into a DataError."""
    try:
        yield
    except (*_DAMAGE, NotImplementedError) as error:
        raise DataError(f"{name} is a damaged archive: {error}") from error


@contextmanager
def _member(name: str, path: Path, member: str) -> Iterator[BinaryIO]:
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            _check_member(name, member, archive.namelist())
            with archive.open(member) as stream:
                yield cast(BinaryIO, stream)
    elif tarfile.is_tarfile(path):
        with tarfile.open(path) as opened:
            _check_member(name, member, [m.name for m in opened if m.isfile()])
            with cast(BinaryIO, opened.extractfile(member)) as stream:
                yield stream
    else:
        raise DataError(f"{name} is no zip or tar archive, but member names a file in one")


def _check_member(name: str, member: str, names: list[str]) -> None:
    if member not in names:
        raise DataError(f'{name} has no file "{member}"; it holds {", ".join(names[:20])}{nearest(member, names)}')


def _only_file(name: str, archive: zipfile.ZipFile) -> zipfile.ZipInfo:
    found = [i for i in archive.infolist() if not i.is_dir() and not i.filename.startswith("__MACOSX/")]
    if len(found) != 1:
        some = ", ".join(i.filename for i in found[:5]) or "none"
        raise DataError(f"{name} is a zip with {len(found)} files ({some}); allowed: one")
    if found[0].flag_bits & 1:
        raise DataError(f"{name} is an encrypted zip; allowed: one without a password")
    return found[0]
