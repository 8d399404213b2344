"""Predictions into a file, piece by piece."""

import json
import math
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import pandas as pd

from remint.errors import ConfigError, DataError

SUFFIXES = (".csv", ".parquet", ".jsonl")
SEVERAL = "values of several types"


class Writer(Protocol):
    """Takes pieces of one table."""

    def write(self, table: pd.DataFrame) -> None:
        """Add rows; every piece has the same columns."""


def check_suffix(path: Path) -> None:
    """Raise ConfigError for a kind of file that is not written."""
    if path.suffix.lower() not in SUFFIXES:
        raise ConfigError(f"{path}: the suffix is {path.suffix or 'missing'!s}; allowed: {', '.join(SUFFIXES)}")
    if path.is_dir():
        raise ConfigError(f"{path} is a folder; allowed: a file {', '.join(SUFFIXES)}")


@contextmanager
def table_writer(path: Path, suffix: str) -> Iterator[Writer]:
    """Give what writes a table to `path` in the format of `suffix`. Numbers as text keep every bit."""
    if suffix == ".jsonl":
        with path.open("w", encoding="utf-8") as out:
            yield _JsonLines(out)
        return
    writer = _Arrow(path, suffix)
    try:
        yield writer
    finally:
        writer.close()


class _JsonLines:
    def __init__(self, out: Any) -> None:
        self._out = out

    def write(self, table: pd.DataFrame) -> None:
        columns = {name: [_plain(value) for value in table[name].tolist()] for name in table}
        try:
            self._out.writelines(
                f"{json.dumps(dict(zip(columns, row, strict=True)), ensure_ascii=False, allow_nan=False)}\n"
                for row in zip(*columns.values(), strict=True)
            )
        except (TypeError, ValueError):
            raise _refusal(*_first_unwritable(columns), ".jsonl") from None


def _first_unwritable(columns: dict[Any, list[Any]]) -> tuple[str, str]:
    """Give name and type of the value that JSON does not have."""
    for name, values in columns.items():
        for value in values:
            try:
                json.dumps(value, allow_nan=False)
            except (TypeError, ValueError):
                return name, type(value).__name__
    raise AssertionError("all values can be written")


class _Arrow:
    """CSV and Parquet: the first piece tells the types."""

    def __init__(self, path: Path, suffix: str) -> None:
        self._path, self._suffix = path, suffix
        self._writer: Any = None
        self._schema: Any = None

    def write(self, table: pd.DataFrame) -> None:
        import pyarrow as pa

        if self._writer is None:
            self._schema = pa.schema([(name, self._type(name, table[name])) for name in table])
            self._writer = self._open()
        columns = [self._column(table[field.name], field) for field in self._schema]
        self._writer.write_table(pa.Table.from_arrays(columns, schema=self._schema))

    def close(self) -> None:
        if self._writer is not None:
            self._writer.close()

    def _open(self) -> Any:
        if self._suffix == ".parquet":
            import pyarrow.parquet as pq

            return pq.ParquetWriter(self._path, self._schema)
        from pyarrow import csv

        return csv.CSVWriter(self._path, self._schema, write_options=csv.WriteOptions(quoting_style="needed"))

    def _type(self, name: Any, column: "pd.Series[Any]") -> Any:
        """Give a column's type. Raises DataError for one that the file cannot hold."""
        import pyarrow as pa

        try:
            found = _type(column, self._suffix == ".csv")
        except (pa.ArrowInvalid, pa.ArrowTypeError):
            raise _refusal(name, SEVERAL, self._suffix) from None
        kinds = pa.types
        if self._suffix == ".csv" and any(
            is_such(found) for is_such in (kinds.is_nested, kinds.is_duration, kinds.is_binary, kinds.is_large_binary)
        ):
            raise _refusal(name, str(found), self._suffix)
        return found

    def _column(self, column: "pd.Series[Any]", field: Any) -> Any:
        import pyarrow as pa

        try:
            return pa.array(column, type=field.type, from_pandas=True)
        except (pa.ArrowInvalid, pa.ArrowTypeError):
            raise _refusal(field.name, SEVERAL, self._suffix) from None


def _refusal(name: str, found: str, suffix: str) -> DataError:
    """Give what is raised about a column, which is a key, as all others are ours."""
    other = ".jsonl" if found == SEVERAL else ".parquet"
    return DataError(f'key column "{name}" holds {found}, which {suffix} does not; allowed: an output {other}')


def _type(column: "pd.Series[Any]", text: bool) -> Any:
    """Give a column's type; in a text file a float32 is written as the same float64, which readers take it for."""
    import pyarrow as pa

    kind = column.dtype
    if isinstance(kind, pd.ArrowDtype):
        return kind.pyarrow_dtype
    if isinstance(kind, np.dtype) and kind.kind == "f":
        return pa.float64() if text else pa.from_numpy_dtype(kind)
    if isinstance(kind, pd.StringDtype):
        return pa.string()
    if kind.kind == "O":
        found = pa.array(column.tolist(), from_pandas=True).type
        return pa.string() if pa.types.is_null(found) else found
    return pa.Array.from_pandas(column).type


def _plain(value: Any) -> Any:
    """Give a value as JSON has it; None for what is missing."""
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if value is pd.NA or value is pd.NaT:
        return None
    return value.isoformat() if hasattr(value, "isoformat") else value
