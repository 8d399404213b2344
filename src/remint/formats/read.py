"""Reading fetched files as a dataset's raw rows.

A format is a module of this package named like its kind (`csv-images`: `csv_images`) with
`read_file(name, path, format)`, or `read_pair(names, paths, format)` where two files belong together, and a config
class in `config/source.py`; nothing else knows of it.
"""

import importlib
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import Protocol, cast

import numpy as np
import pandas as pd

from remint.config.source import Format
from remint.data.raw import RawData
from remint.errors import DataError

Columns = Mapping[str, str]
"Columns to add, the same value in each row."


class Reader(Protocol):
    """A module of this package that reads one format, a file at a time."""

    def read_file(self, name: str, path: Path, form: Format) -> RawData:
        """Read one file; `name` is what errors call it. Raises DataError."""


class PairReader(Protocol):
    """A module of this package that reads one format whose files come in pairs."""

    def read_pair(self, names: tuple[str, str], paths: tuple[Path, Path], form: Format) -> RawData:
        """Read two files that belong together; `names` are what errors call them. Raises DataError."""


def read(files: dict[str, Path], format: Format, columns: Mapping[str, Columns] | None = None) -> RawData:
    """Read files of one format, one after the other; every row as it is, nothing dropped or cleaned.

    `columns` are those to add, by file. Raises DataError naming the file and the line or row that cannot be read, or
    the column or image size in which one file differs from the first.
    """
    module = importlib.import_module(f"remint.formats.{format.kind.replace('-', '_')}")
    groups = _pairs(list(files), format) if hasattr(module, "read_pair") else [(name,) for name in files]
    parts = {}
    for group in groups:
        part = _read_group(module, group, files, format)
        for name in group:
            part = _with_columns(name, part, (columns or {}).get(name, {}))
        parts[" and ".join(group)] = part
    if len(parts) == 1:
        return next(iter(parts.values()))
    rows = _joined_rows({name: part.rows for name, part in parts.items()})
    return RawData(rows, _joined_images({n: part.images for n, part in parts.items() if part.images is not None}))


def _read_group(module: ModuleType, group: tuple[str, ...], files: dict[str, Path], form: Format) -> RawData:
    if len(group) == 1:
        return cast(Reader, module).read_file(group[0], files[group[0]], form)
    first, second = group
    return cast(PairReader, module).read_pair((first, second), (files[first], files[second]), form)


def _pairs(names: list[str], form: Format) -> list[tuple[str, ...]]:
    if len(names) % 2:
        raise DataError(f"format {form.kind} reads files in pairs, but there are {len(names)}: {', '.join(names)}")
    return list(zip(names[::2], names[1::2], strict=True))


def _with_columns(name: str, part: RawData, columns: Columns) -> RawData:
    added = {column: pd.Series(value, index=part.rows.index, dtype="str") for column, value in columns.items()}
    for column in added:
        if column in part.rows.columns and not part.rows[column].equals(added[column]):
            raise DataError(f'{name}: columns would add "{column}", which the file has already')
    return RawData(part.rows.assign(**added), part.images)


def _joined_rows(parts: dict[str, pd.DataFrame]) -> pd.DataFrame:
    first_name, first = next(iter(parts.items()))
    for name, rows in parts.items():
        differing = [str(c) for c in first.columns.symmetric_difference(rows.columns)]
        if differing:
            raise DataError(
                f"{name} and {first_name} do not have the same columns; only in one: {', '.join(differing)}"
            )
    kinds = {c: _common_kind(c, {name: rows[c] for name, rows in parts.items()}) for c in first.columns}
    joined = pd.concat(list(parts.values()), ignore_index=True)
    # A column without any value in one file is read as numbers there.
    return joined.astype({column: "str" for column, kind in kinds.items() if kind == "text"})


def _common_kind(column: str, parts: dict[str, pd.Series]) -> str:
    """Tell what a column holds; refuse numbers in one file and text in another, which together are neither."""
    kinds = {name: _kind(values) for name, values in parts.items() if values.notna().any()}
    if len(set(kinds.values())) > 1:
        found = ", ".join(f"{kind} in {name}" for name, kind in kinds.items())
        raise DataError(f'column "{column}" holds {found}; list it in text_columns to read it as text everywhere')
    return next(iter(kinds.values()), "nothing")


def _kind(values: pd.Series) -> str:
    if pd.api.types.is_bool_dtype(values.dtype) or values.dtype == object:
        return "true or false"
    return "numbers" if pd.api.types.is_numeric_dtype(values.dtype) else "text"


def _joined_images(parts: dict[str, np.ndarray]) -> np.ndarray | None:
    if not parts:
        return None
    first_name, first = next(iter(parts.items()))
    for name, images in parts.items():
        if images.shape[1:] != first.shape[1:]:
            raise DataError(
                f"{name} holds images of {images.shape[1:]}, but {first_name} of {first.shape[1:]} (H, W, C)"
            )
    return np.concatenate(list(parts.values()))
