"""Format `lines`: plain text, a row a line that is not blank."""

from pathlib import Path

import pandas as pd

from remint.config.source import LinesFormat
from remint.data.raw import RawData
from remint.errors import DataError
from remint.formats.text import TextFile, undecodable
from remint.formats.unpack import unpacked


def read_file(name: str, path: Path, form: LinesFormat) -> RawData:
    """Read one file: one column, white space at both ends of a line removed. Line feeds alone end a line.

    Raises DataError for bytes that are not of the encoding, naming the line, and for a file without text.
    """
    file = TextFile(name, path, encoding=form.encoding)
    with unpacked(name, path) as stream:
        content = stream.read()
    try:
        text = content.decode(form.encoding).removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        raise undecodable(file, error) from None
    lines = [line for line in map(str.strip, text.split("\n")) if line]
    if not lines:
        raise DataError(f"{name} holds no line that is not blank")
    return RawData(pd.DataFrame({form.column: pd.Series(lines, dtype="str")}))
