"""Files out of a zip (a wheel is one) or tar archive, without unpacking the rest."""

import errno
import lzma
import shutil
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, BinaryIO, cast

from remint.sources.base import UnavailableError, one_line


def names(archive: Path) -> list[str]:
    """Give the paths of all files inside.

    Raises UnavailableError for a damaged archive.
    """
    with _whole(archive):
        if zipfile.is_zipfile(archive):
            with zipfile.ZipFile(archive) as opened:
                return [i.filename for i in opened.infolist() if not i.is_dir()]
        with tarfile.open(archive) as opened_tar:
            return [m.name for m in opened_tar if m.isfile()]


@contextmanager
def member(archive: Path, name: str) -> Iterator[tuple[BinaryIO, int]]:
    """Open a file inside and give its size in bytes, too.

    Raises UnavailableError for a damaged archive, also while the file is being read.
    """
    with _whole(archive):
        if zipfile.is_zipfile(archive):
            with zipfile.ZipFile(archive) as opened, opened.open(name) as handle:
                yield cast(BinaryIO, handle), opened.getinfo(name).file_size
            return
        with tarfile.open(archive) as opened_tar:
            info = opened_tar.getmember(name)
            with cast(IO[bytes], opened_tar.extractfile(info)) as unpacked:
                yield cast(BinaryIO, unpacked), info.size


def copy(archive: Path, targets: dict[str, Path]) -> None:
    """Copy files inside to new files, in the archive's order, since a compressed tar is slow to read in any other.

    Raises UnavailableError for a damaged archive.
    """
    with _whole(archive):
        if zipfile.is_zipfile(archive):
            with zipfile.ZipFile(archive) as opened:
                for name, target in targets.items():
                    with opened.open(name) as handle, target.open("wb") as out:
                        shutil.copyfileobj(handle, out)
            return
        with tarfile.open(archive) as opened_tar:
            for info in opened_tar:
                if info.isfile() and info.name in targets:
                    with (
                        cast(IO[bytes], opened_tar.extractfile(info)) as unpacked,
                        targets[info.name].open("wb") as out,
                    ):
                        shutil.copyfileobj(unpacked, out)


@contextmanager
def _whole(archive: Path) -> Iterator[None]:
    try:
        yield
    except (zipfile.BadZipFile, tarfile.TarError, zlib.error, lzma.LZMAError, EOFError, OSError) as error:
        if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            raise  # of the disk that is written to
        raise UnavailableError(f"{archive.name} is a damaged archive: {one_line(error)}") from error
