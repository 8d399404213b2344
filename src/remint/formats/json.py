"""Format `json`: an array of objects, or a tar archive of such files; a row an object."""

import json
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, cast

import pandas as pd

from remint import progress
from remint.config.messages import nearest
from remint.config.source import JsonFormat
from remint.data.raw import RawData
from remint.errors import DataError
from remint.formats.unpack import damage, unpacked

_SCALARS = (str, int, float, bool, type(None))


def read_file(name: str, path: Path, form: JsonFormat) -> RawData:
    """Read one file, or the files of an archive in the order of their names; keys that no column names are left out.

    An array of texts becomes one text, a line each. Raises DataError naming file and row: no JSON, no array of objects,
    a key that an object lacks, a value that is neither text, number, boolean, null nor an array of texts.
    """
    values: dict[str, list[Any]] = {column: [] for column in form.columns}
    for file, content in _contents(name, path):
        for row, item in enumerate(_objects(file, content)):
            for column, key in form.columns.items():
                values[column].append(_value(f"{file}, row {row} (from 0)", item, key))
    return RawData(pd.DataFrame({column: _series(name, column, found) for column, found in values.items()}))


def _contents(name: str, path: Path) -> Iterator[tuple[str, bytes]]:
    if not tarfile.is_tarfile(path):
        with unpacked(name, path) as stream:
            yield name, stream.read()
        return
    with damage(name), tarfile.open(path) as archive:
        members = sorted((m for m in archive if m.isfile()), key=lambda member: member.name)
        for done, member in enumerate(members, 1):
            yield f"{name}, {member.name}", cast(IO[bytes], archive.extractfile(member)).read()
            progress.report(f"reading {name}", done, len(members))


def _objects(file: str, content: bytes) -> list[Any]:
    try:
        found = json.loads(content)
    except UnicodeDecodeError as error:
        raise DataError(f"{file}: byte {error.start} is {content[error.start]:#04x}, which is not utf-8") from None
    except json.JSONDecodeError as error:
        raise DataError(f"{file}, line {error.lineno}: no JSON: {error.msg}") from None
    if not isinstance(found, list):
        raise DataError(f"{file} holds {_named(found)}; allowed: an array of objects")
    return found


def _value(where: str, item: Any, key: str) -> Any:
    if not isinstance(item, dict):
        raise DataError(f"{where} is {_named(item)}; allowed: an object")
    if key not in item:
        raise DataError(f'{where}: key "{key}" is missing{nearest(key, list(item))}')
    value = item[key]
    if isinstance(value, list) and all(isinstance(line, str) for line in value):
        return "\n".join(value)
    if isinstance(value, _SCALARS):
        return value
    raise DataError(
        f'{where}: key "{key}" holds {_named(value)}; allowed: text, number, boolean, null, an array of texts'
    )


def _series(name: str, column: str, values: list[Any]) -> "pd.Series[Any]":
    """Give a column of one type: text and numbers together would be neither."""
    kinds = {type(value) for value in values if value is not None}
    if str in kinds and len(kinds) > 1:
        row = next(i for i, value in enumerate(values) if value is not None and not isinstance(value, str))
        raise DataError(f"{name}, row {row} of all (from 0): {column} is {values[row]!r}, but text elsewhere")
    return pd.Series(values, dtype="str" if kinds == {str} else None)


def _named(value: Any) -> str:
    names = {dict: "an object", list: "an array", str: "text", bool: "a boolean", type(None): "null"}
    return names.get(type(value), "a number")
