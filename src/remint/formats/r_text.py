"""Format `r-text`: books in an R package's lazy-load database, `NAME.rdb` and its index `NAME.rdx`.

The index is a serialised list: where in the database each object begins and how many bytes it takes. There stand the
length of the object as a big-endian 32-bit integer, and the serialised object compressed by zlib
(https://cran.r-project.org/doc/manuals/r-release/R-ints.html#Lazy-loading).
"""

import gzip
import re
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from remint.config.source import RTextFormat
from remint.data.raw import RawData
from remint.errors import DataError

_BLANKS = re.compile(r"\s+")


def read_pair(names: tuple[str, str], paths: tuple[Path, Path], _form: RTextFormat) -> RawData:
    """Read a database's vectors of texts in the order of their names: columns `book`, `paragraph` (from 0), `text`.

    The lines of a paragraph are joined by a space, since a book's line ends are where the paper ended. Raises DataError
    for files that are no such database, or an object in it that is no vector of texts.
    """
    database = paths[0].read_bytes()
    books: list[str] = []
    paragraphs: list[int] = []
    texts: list[str] = []
    for book, (start, size) in sorted(_index(names[1], paths[1]).items()):
        lines = _lines(names[0], book, database[start : start + size])
        found = _paragraphs(lines)
        books += [book] * len(found)
        paragraphs += range(len(found))
        texts += found
    columns = {"book": pd.Series(books, dtype="str"), "paragraph": np.array(paragraphs, dtype=np.int64)}
    return RawData(pd.DataFrame({**columns, "text": pd.Series(texts, dtype="str")}))


def _index(name: str, path: Path) -> dict[str, tuple[int, int]]:
    """Give each object's first byte and number of bytes."""
    try:
        found = _unserialised(gzip.decompress(path.read_bytes()))
        if not bool(found["compressed"][0]):
            raise ValueError("it is not compressed")
        return {str(book): (int(place[0]), int(place[1])) for book, place in found["variables"].items()}
    except Exception as error:  # rdata raises whatever a wrong byte leads to
        raise DataError(f"{name} is no index of an R lazy-load database (.rdx): {_told(error)}") from error


def _lines(name: str, book: str, content: bytes) -> list[str]:
    try:
        found = _unserialised(zlib.decompress(content[4:]))
    except Exception as error:  # as above
        raise DataError(f'{name}: object "{book}" cannot be read: {_told(error)}') from error
    if not isinstance(found, np.ndarray) or not all(isinstance(line, str) for line in found):
        raise DataError(f'{name}: object "{book}" is {type(found).__name__}; allowed: a vector of texts')
    return [str(line) for line in found]


def _unserialised(content: bytes) -> Any:
    import rdata

    return rdata.conversion.convert(rdata.parser.parse_data(content, extension=".rds"))


def _paragraphs(lines: list[str]) -> list[str]:
    joined = "\n".join(line.strip() for line in lines)
    return [_BLANKS.sub(" ", part).strip() for part in re.split(r"\n{2,}", joined) if part.strip()]


def _told(error: Exception) -> str:
    return f"{type(error).__name__} {error}".strip()
