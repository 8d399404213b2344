"""Delimited text: what makes it unreadable, and in which line.

pandas' parser counts rows, not lines, and fills short rows up without a word; so whatever looks wrong is read
again by Python's slower `csv`, which knows the line.
"""

import codecs
import csv
import io
import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from pandas.errors import EmptyDataError, ParserError, ParserWarning

from remint.errors import DataError
from remint.formats.unpack import unpacked

_LONGEST_FIELD = 2**31 - 1


@dataclass(frozen=True)
class TextFile:
    """A file of delimited text, compressed or not."""

    name: str
    path: Path
    delimiter: str = ","
    encoding: str = "utf-8"
    member: str = ""
    "Path of the text inside an archive."
    names: tuple[str, ...] = ()
    "Names of the columns, where no header row tells them."
    skip: int = 0
    "Rows to pass over after the header."
    quotes: bool = True

    def __post_init__(self) -> None:
        try:
            codecs.lookup(self.encoding)
        except LookupError:
            raise DataError(
                f'{self.name}: encoding is "{self.encoding}"; allowed: a codec of Python, as utf-8, latin-1, gb18030'
            ) from None


@contextmanager
def parsing(file: TextFile, fields: int) -> Iterator[None]:
    """Turn what pandas raises inside the block into a DataError that names file and line.

    `fields` is the number of fields that every row must have.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", ParserWarning)
            yield
    except UnicodeDecodeError as error:
        raise undecodable(file, error) from None
    except EmptyDataError:
        raise DataError(f"{file.name} is empty") from None
    except (ParserError, ParserWarning) as error:
        check_widths(file, fields)
        raise DataError(f"{file.name} cannot be read: {_without_preamble(error)}{_open_quote(file, error)}") from None


def check_widths(file: TextFile, fields: int) -> None:
    """Raise DataError for the first row that has more or fewer fields than allowed."""
    for number, (line, row) in enumerate(records(file)):
        skipped = 1 <= number <= file.skip if not file.names else number < file.skip
        if len(row) != fields and not skipped:
            raise DataError(f"{file.name}, line {line}: {_counted(len(row))}; allowed: {fields}")


def header(file: TextFile) -> list[str]:
    """Give the names of the columns, out of the first row where none are declared.

    Raises DataError for a file without a line, a name that stands twice, or bytes that do not decode.
    """
    try:
        first = next((row for _, row in records(file)), None)
    except UnicodeDecodeError as error:
        raise undecodable(file, error) from None
    if first is None:
        raise DataError(f"{file.name} is empty; allowed: a header and rows")
    names = list(file.names) or first
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise DataError(f"{file.name}: the header names {', '.join(map(repr, twice))} more than once; allowed: once")
    return names


def records(file: TextFile) -> Iterator[tuple[int, list[str]]]:
    """Give each row that is not blank, with the line it begins in."""
    csv.field_size_limit(_LONGEST_FIELD)
    encoding = "utf-8-sig" if codecs.lookup(file.encoding).name == "utf-8" else file.encoding
    with unpacked(file.name, file.path, file.member) as stream, io.TextIOWrapper(stream, encoding, newline="") as text:
        reader = csv.reader(
            text, delimiter=file.delimiter, quoting=csv.QUOTE_MINIMAL if file.quotes else csv.QUOTE_NONE
        )
        end = 0
        for row in reader:
            if row:
                yield end + 1, row
            end = reader.line_num


def undecodable(file: TextFile, error: UnicodeDecodeError) -> DataError:
    """Tell where the bytes stop being text; pandas' own error counts from the start of some buffer."""
    with unpacked(file.name, file.path, file.member) as stream:
        content = stream.read()
    try:
        content.decode(file.encoding)
    except UnicodeDecodeError as found:
        error = found
    line = content.count(b"\n", 0, error.start) + 1
    byte = f"byte {error.start} is {error.object[error.start]:#04x}"
    return DataError(
        f"{file.name}, line {line}: {byte}, which is not {file.encoding}; allowed: the format's `encoding`"
    )


def _open_quote(file: TextFile, error: Exception) -> str:
    if "EOF inside string" not in str(error):
        return ""
    last = max((line for line, _ in records(file)), default=1)
    return f"; a quote that opens in line {last} is never closed"


def _counted(fields: int) -> str:
    return f"{fields} field{'' if fields == 1 else 's'}"


def _without_preamble(error: Exception) -> str:
    return re.sub(r"^Error tokenizing data\. C error: ", "", str(error).strip())
