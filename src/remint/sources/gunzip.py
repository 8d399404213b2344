"""Undoing gzip on the way: its header holds a name and a time, so that the same content comes in different bytes."""

import zlib
from collections.abc import Generator, Iterable

from remint.sources.base import UnavailableError, one_line

_MAGIC = b"\x1f\x8b"
_GZIP = 16 + zlib.MAX_WBITS
"What tells zlib to expect gzip's header and checksum."


def gunzipped(pieces: Iterable[bytes]) -> Generator[bytes]:
    """Give what is inside a gzip of one or several parts; what is no gzip passes as it is.

    Raises UnavailableError for a damaged or truncated gzip.
    """
    reader = None
    for number, piece in enumerate(pieces):
        if number == 0 and piece.startswith(_MAGIC):
            reader = zlib.decompressobj(_GZIP)
        if reader is None:
            yield piece
            continue
        while piece:
            if reader.eof:
                reader = zlib.decompressobj(_GZIP)
            yield _inflated(reader, piece)
            piece = reader.unused_data
    if reader and not reader.eof:
        raise UnavailableError("its gzip ends too early")


def _inflated(reader: "zlib._Decompress", piece: bytes) -> bytes:
    try:
        return reader.decompress(piece)
    except zlib.error as error:
        raise UnavailableError(f"it is a damaged gzip: {one_line(error)}") from error
