"""A file that may be compressed: its content tells, not its name, since the cache of downloads has no suffixes."""

import gzip
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, cast

from remint.errors import DataError

_GZIP = b"\x1f\x8b"
_ZIP = (b"PK\x03\x04", b"PK\x05\x06")


@contextmanager
def unpacked(name: str, path: Path) -> Iterator[BinaryIO]:
    """Open the content of a zip with one file in it, of a gzip, or of a plain file.

    Raises DataError, also while the content is being read, for a damaged archive or a zip with several files.
    """
    try:
        with path.open("rb") as handle:
            magic = handle.read(4)
            handle.seek(0)
            if magic.startswith(_ZIP):
                with zipfile.ZipFile(handle) as archive, archive.open(_only_file(name, archive)) as stream:
                    yield cast(BinaryIO, stream)
            elif magic.startswith(_GZIP):
                with gzip.open(handle) as stream:
                    yield cast(BinaryIO, stream)
            else:
                yield handle
    except (zipfile.BadZipFile, gzip.BadGzipFile, zlib.error, EOFError, NotImplementedError) as error:
        raise DataError(f"{name} is a damaged archive: {error}") from error


def _only_file(name: str, archive: zipfile.ZipFile) -> zipfile.ZipInfo:
    found = [i for i in archive.infolist() if not i.is_dir() and not i.filename.startswith("__MACOSX/")]
    if len(found) != 1:
        some = ", ".join(i.filename for i in found[:5]) or "none"
        raise DataError(f"{name} is a zip with {len(found)} files ({some}); allowed: one")
    if found[0].flag_bits & 1:
        raise DataError(f"{name} is an encrypted zip; allowed: one without a password")
    return found[0]
