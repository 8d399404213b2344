import gzip
import struct
import zlib
from pathlib import Path

import pytest

from remint.config.source import RTextFormat
from remint.data.raw import RawData
from remint.errors import DataError
from remint.formats.read import read

pytestmark = pytest.mark.usefixtures("workdir")
HEADER = b"X\n" + struct.pack(">3i", 2, 0x30601, 0x20300)
NIL = struct.pack(">i", 254)


def text(value: str) -> bytes:
    content = value.encode()
    return struct.pack(">ii", 0x40009, len(content)) + content


def texts(*values: str) -> bytes:
    return struct.pack(">ii", 16, len(values)) + b"".join(map(text, values))


def named(**values: bytes) -> bytes:
    """A list with names: its content, then a pairlist of one attribute."""
    symbol = struct.pack(">i", 1) + text("names")
    names = struct.pack(">i", 0x402) + symbol + texts(*values) + NIL
    return struct.pack(">ii", 0x213, len(values)) + b"".join(values.values()) + names


def numbers(*values: int) -> bytes:
    return struct.pack(f">{2 + len(values)}i", 13, len(values), *values)


def yes() -> bytes:
    return struct.pack(">3i", 10, 1, 1)


def database(**objects: bytes) -> None:
    """Write `a.rdb` and `a.rdx` as R does."""
    content, places = b"", {}
    for name, value in objects.items():
        blob = struct.pack(">i", len(HEADER + value)) + zlib.compress(HEADER + value)
        places[name] = numbers(len(content), len(blob))
        content += blob
    Path("a.rdb").write_bytes(content)
    index = named(variables=named(**places), references=named(), compressed=yes())
    Path("a.rdx").write_bytes(gzip.compress(HEADER + index))


def read_books() -> RawData:
    return read({"a.rdb": Path("a.rdb"), "a.rdx": Path("a.rdx")}, RTextFormat(kind="r-text"))


def test_blank_lines_part_paragraphs_and_books_are_sorted() -> None:
    database(
        persuasion=texts("PERSUASION", "", ""), emma=texts("EMMA", "", "", "Emma Woodhouse,", "  handsome", "", "x")
    )
    rows = read_books().rows
    assert rows["book"].tolist() == ["emma"] * 3 + ["persuasion"]
    assert rows["paragraph"].tolist() == [0, 1, 2, 0]
    assert rows["text"].tolist() == ["EMMA", "Emma Woodhouse, handsome", "x", "PERSUASION"]


def test_what_is_no_database_is_told() -> None:
    database(emma=texts("EMMA"))
    Path("a.rdx").write_bytes(b"nothing")
    with pytest.raises(DataError, match=r"^a\.rdx is no index of an R lazy-load database \(\.rdx\): "):
        read_books()
    database(emma=texts("EMMA"))
    Path("a.rdb").write_bytes(b"\0" * 60)
    with pytest.raises(DataError, match=r'^a\.rdb: object "emma" cannot be read: '):
        read_books()


def test_an_object_that_is_no_text_is_told() -> None:
    database(emma=numbers(1, 2))
    with pytest.raises(DataError, match=r'^a\.rdb: object "emma" is ndarray; allowed: a vector of texts'):
        read_books()
