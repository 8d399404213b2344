"""One file out of a zip (a wheel is one) or tar archive, without unpacking the rest."""

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


@contextmanager
def _whole(archive: Path) -> Iterator[None]:
    try:
        yield
    except (zipfile.BadZipFile, tarfile.TarError, zlib.error, EOFError, OSError) as error:
        raise UnavailableError(f"{archive.name} is a damaged archive: {one_line(error)}") from error
