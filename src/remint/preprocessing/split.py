"""Which row belongs to which split."""

import hashlib
from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd

from remint.config.dataset import ColumnSplit, HashSplit, SplitConfig, TimeSplit
from remint.data.raw import RawData
from remint.errors import DataError
from remint.preprocessing.values import texts

SPLITS = ("train", "val", "test")


def assign_splits(raw: RawData, split: SplitConfig) -> np.ndarray:
    """Give each row its split: an array of N texts out of `SPLITS`.

    But for a split by time, a row's place depends on its own key alone, so rows that come later move no other row,
    and exact duplicates stand together. Raises DataError for a key or split column that does not exist or holds
    another value.
    """
    _check_columns(raw.rows, split)
    if isinstance(split, HashSplit):
        return _by_position(row_positions(raw, split.key), split.val, split.test)
    if isinstance(split, TimeSplit):
        return _by_time(_times(raw.rows, split.column), split.val, split.test)
    official = _official(raw.rows, split)
    if "val" in official:
        return official
    positions = row_positions(raw, split.key)
    return np.where((official == "train") & (positions < split.val), "val", official)


def row_positions(raw: RawData, key: tuple[str, ...]) -> np.ndarray:
    """Give each row a number in [0, 1) that is uniform over keys and depends on the row's key alone (float64, N)."""
    digests = [hashlib.blake2b(content, digest_size=8).digest() for content in _row_bytes(raw, key)]
    return np.frombuffer(b"".join(digests), dtype=">u8").astype(np.float64) / 2.0**64


def parsed_times(column: "pd.Series[Any]") -> "pd.Series[Any]":
    """Give times (UTC), or numbers (float64) where the column holds numbers; missing where a value is neither."""
    if pd.api.types.is_numeric_dtype(column.dtype):
        return column.astype("float64")
    return pd.to_datetime(column.astype("object"), errors="coerce", utc=True)


def _by_time(times: "pd.Series[Any]", val: float, test: float) -> np.ndarray:
    """Cut at two times, so that rows of the same time stand together."""
    places = times.rank(method="min").to_numpy() - 1  # how many rows are earlier
    first = len(times) - np.rint(len(times) * np.array([test, test + val]))
    return np.select([places >= first[0], places >= first[1]], ["test", "val"], default="train")


def _times(rows: pd.DataFrame, column: str) -> "pd.Series[Any]":
    times = parsed_times(rows[column])
    wrong = times.isna().to_numpy()
    if wrong.any():
        row = int(wrong.argmax())
        raise DataError(
            f'split column "{column}", row {row}, is "{rows[column].iloc[row]}"; allowed: a time or a number'
        )
    return times


def _by_position(positions: np.ndarray, val: float, test: float) -> np.ndarray:
    return np.select([positions < test, positions < test + val], ["test", "val"], default="train")


def _row_bytes(raw: RawData, key: tuple[str, ...]) -> Iterable[bytes]:
    if raw.images is not None and not key:
        return (image.tobytes() for image in raw.images)
    columns = [texts(raw.rows[name]) for name in key or raw.rows.columns]
    return ("\x1f".join(row).encode() for row in zip(*columns, strict=True))


def _official(rows: pd.DataFrame, split: ColumnSplit) -> np.ndarray:
    values = rows[split.column].astype(str).to_numpy()
    wrong = ~np.isin(values, SPLITS)
    if wrong.any():
        row = int(wrong.argmax())
        raise DataError(f'split column "{split.column}", row {row}, is "{values[row]}"; allowed: {", ".join(SPLITS)}')
    return values


def _check_columns(rows: pd.DataFrame, split: SplitConfig) -> None:
    wanted = split.key if isinstance(split, HashSplit) else (split.column, *split.key)
    for name in wanted:
        if name not in rows.columns:
            raise DataError(f'split names column "{name}"; allowed: {", ".join(map(str, rows.columns))}')
