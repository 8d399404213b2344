"""Cleaning of one column: clip, winsorise, impute."""

from collections.abc import Callable
from dataclasses import asdict, dataclass, fields
from typing import Any

import numpy as np
import pandas as pd

from remint.config.dataset import Between, Column, ColumnCleaning
from remint.preprocessing.values import texts

Ends = tuple[float | None, float | None]
"A closed interval; an end of None is open."
NUMBERS = ("integer", "float")
STATISTICS: dict[str, Callable[[np.ndarray], float]] = {
    "mean": lambda values: float(values.mean()),
    "median": lambda values: float(np.median(values)),
    "most-frequent": lambda values: float(_most_frequent(values)),
}
TRUE = ("true", "1")


@dataclass(frozen=True)
class ColumnCleaner:
    """What was fitted on a column; a step of None is not done."""

    number: bool
    drop: Ends | None = None
    clip: Ends | None = None
    winsorise: Ends | None = None
    "The two quantiles of the train split, taken after `clip`."
    impute: float | str | None = None
    "What stands in for a missing value."

    def out_of_range(self, column: "pd.Series[Any]") -> np.ndarray:
        """Tell which values make their row be left out (bool, N); a missing one never does."""
        return np.zeros(len(column), dtype=bool) if self.drop is None else _outside(_numbers(column), self.drop)

    def clean(self, column: "pd.Series[Any]") -> "pd.Series[Any]":
        """Give the column (N, its index) cleaned; as it is where nothing changes or a value is no number."""
        missing = column.isna().to_numpy()
        if self.number:
            values = _numbers(column)
            if (np.isnan(values) & ~missing).any():
                return column
            cleaned = _limited(_limited(values, self.clip), self.winsorise)
            cleaned = cleaned if self.impute is None else np.where(missing, self.impute, cleaned)
            if np.array_equal(cleaned, values, equal_nan=True):
                return column
            return pd.Series(cleaned, index=column.index, name=column.name)
        if self.impute is None or not missing.any():
            return column
        filled = np.where(missing, self.impute, np.array(texts(column), dtype=object))
        return pd.Series(filled, index=column.index, name=column.name, dtype=object)

    def counts(self, column: "pd.Series[Any]") -> dict[str, int]:
        """Count by step the values that `clean` changes."""
        counts: dict[str, int] = {}
        values = _numbers(column) if self.number else np.zeros(0)
        for step, ends in (("clip", self.clip), ("winsorise", self.winsorise)):
            if ends is not None:
                counts[step] = int(_outside(values, ends).sum())
                values = _limited(values, ends)
        if self.impute is not None:
            counts["impute"] = int(column.isna().sum())
        return counts

    def state(self) -> dict[str, Any]:
        """Give everything that was fitted, as JSON."""
        return {key: list(v) if isinstance(v, tuple) else v for key, v in asdict(self).items() if v is not None}

    @staticmethod
    def load(state: dict[str, Any]) -> "ColumnCleaner":
        """Give it back from its state; other keys are passed over."""
        known: dict[str, Any] = {
            field.name: state[field.name] for field in fields(ColumnCleaner) if field.name in state
        }
        known = {key: tuple(v) if isinstance(v, list) else v for key, v in known.items()}
        return ColumnCleaner(**known)


def fit_column(train: "pd.Series[Any]", column: Column, steps: ColumnCleaning) -> ColumnCleaner:
    """Fit the declared steps on the values of train rows; one that needs a value where train has none is not done."""
    if column.type not in NUMBERS:
        return ColumnCleaner(number=False, impute=_fit_text(train, column, steps.impute))
    drop, clip = _ends(steps.drop), _ends(steps.clip)
    values = _numbers(train)
    values = _limited(values[np.isfinite(values)], clip)
    winsorise = None
    if steps.winsorise is not None and len(values):
        low, high = np.quantile(values, steps.winsorise)
        winsorise = (float(low), float(high))
    impute: float | str | None = steps.impute
    if isinstance(impute, str):
        impute = STATISTICS[impute](_limited(values, winsorise)) if len(values) else None
    return ColumnCleaner(True, drop, clip, winsorise, impute)


def canonical(value: float | str) -> str:
    """Give a declared value the text by which categories are compared."""
    return value if isinstance(value, str) else texts(pd.Series([float(value)]))[0]


def _fit_text(train: "pd.Series[Any]", column: Column, impute: float | str | None) -> str | None:
    if impute is None:
        return None
    present = texts(train[train.notna()])
    if impute == "most-frequent":
        return str(_most_frequent(np.array(present, dtype=object))) if present else None
    fill = canonical(impute)
    if column.type != "boolean":
        return fill
    alike = [text for text in sorted(set(present)) if (text.lower() in TRUE) == (fill.lower() in TRUE)]
    return alike[0] if alike else fill  # as train spells it: True, true or 1


def _most_frequent(values: np.ndarray) -> Any:
    """Give the most frequent value, of several the least."""
    found, counts = np.unique(values, return_counts=True)
    return found[counts.argmax()]


def _numbers(column: "pd.Series[Any]") -> np.ndarray:
    """Give the values as numbers (float64, N); NaN where a value is missing or is none."""
    parsed = pd.to_numeric(column.astype("object") if column.dtype == "category" else column, errors="coerce")
    return parsed.to_numpy(dtype=np.float64, na_value=np.nan)


def _outside(values: np.ndarray, ends: Ends) -> np.ndarray:
    low, high = _closed(ends)
    return (values < low) | (values > high)


def _limited(values: np.ndarray, ends: Ends | None) -> np.ndarray:
    return values if ends is None else np.clip(values, *_closed(ends))


def _closed(ends: Ends) -> tuple[float, float]:
    low, high = ends
    return -np.inf if low is None else low, np.inf if high is None else high


def _ends(interval: Between | None) -> Ends | None:
    return None if interval is None else (interval.min, interval.max)
