"""Reading fetched files as a dataset's raw rows.

A format is a module of this package named like its kind (`csv-images`: `csv_images`) with
`read_file(name, path, format)`, and a config class in `config/dataset.py`; nothing else knows of it.
"""

import importlib
from pathlib import Path
from typing import Protocol, cast

import numpy as np
import pandas as pd

from remint.config.dataset import Format
from remint.data.raw import RawData
from remint.errors import DataError


class Reader(Protocol):
    """A module of this package that reads one format."""

    def read_file(self, name: str, path: Path, form: Format) -> RawData:
        """Read one file; `name` is what errors call it. Raises DataError."""


def read(files: dict[str, Path], format: Format) -> RawData:
    """Read files of one format, one after the other; every row as it is, nothing dropped or cleaned.

    Raises DataError naming the file and the line or row that cannot be read, or the column or image size in which
    one file differs from the first.
    """
    reader = cast(Reader, importlib.import_module(f"remint.formats.{format.kind.replace('-', '_')}"))
    parts = {name: reader.read_file(name, path, format) for name, path in files.items()}
    if len(parts) == 1:
        return next(iter(parts.values()))
    rows = _joined_rows({name: part.rows for name, part in parts.items()})
    return RawData(rows, _joined_images({n: part.images for n, part in parts.items() if part.images is not None}))


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
