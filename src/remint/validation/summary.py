"""What a dataset looks like: its columns, its splits, its images, in a few numbers each."""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd

from remint.config.dataset import Column, SchemaConfig
from remint.data.raw import RawData
from remint.preprocessing.split import SPLITS
from remint.validation import names
from remint.validation.derive import Tables, readable_rows
from remint.validation.values import categories
from remint.validation.words import cut, significant

BINS = 24
TOP = 8


@dataclass(frozen=True)
class ColumnSummary:
    """A column in a few numbers: a distribution where it holds numbers, else its most frequent values."""

    name: str
    type: str
    role: str
    "Its declared role, or `target`."
    missing: int
    distinct: int
    min: float | None = None
    mean: float | None = None
    max: float | None = None
    histogram: tuple[int, ...] = ()
    "Finite values in bins of equal width from min to max."
    top: dict[str, int] | None = None
    "Most frequent values, the most frequent first."

    def content(self) -> dict[str, Any]:
        """Give it as JSON."""
        top = None if self.top is None else [[cut(value, 60), rows] for value, rows in self.top.items()]
        shown = {**asdict(self), "top": top}
        return {key: value for key, value in shown.items() if key not in ("name", "histogram") and value is not None}


@dataclass(frozen=True)
class SplitSummary:
    """A split: its rows, and how its target is distributed."""

    rows: int
    classes: dict[str, int] | None = None
    "Class to rows, where the target is a category."
    mean: float | None = None
    std: float | None = None
    "Of the target, where it is a number."

    def content(self) -> dict[str, Any]:
        """Give it as JSON."""
        return {key: value for key, value in asdict(self).items() if value is not None}


@dataclass(frozen=True)
class ImageSummary:
    """All images that decode."""

    channels: int
    height: int
    width: int
    unreadable: int
    blank: int


def column_summaries(rows: pd.DataFrame, schema: SchemaConfig, tables: Tables) -> tuple[ColumnSummary, ...]:
    """Summarise each declared column that is there, in declared order."""
    return tuple(
        ColumnSummary(
            name=name,
            type=column.type,
            role="target" if name == schema.target else column.role,
            missing=int(rows[name].isna().sum()),
            distinct=int(rows[name].nunique()),
            **_distribution(rows, name, column, tables),
        )
        for name, column in schema.columns.items()
        if name in rows
    )


def split_summaries(schema: SchemaConfig, tables: Tables) -> dict[str, SplitSummary]:
    """Count rows and classes of each split; nothing where splits cannot be told."""
    if tables.splits is None:
        return {}
    if schema.target not in tables.rows:
        return {name: SplitSummary(int((tables.splits == name).sum())) for name in SPLITS}
    return {name: _split(schema, tables, tables.splits == name) for name in SPLITS}


def image_summary(raw: RawData, tables: Tables) -> ImageSummary | None:
    """Tell the shape of the images and how many are of no use; None where there are none."""
    if raw.images is None:
        return None
    _, height, width, channels = raw.images.shape
    unreadable, blank = int((~readable_rows(raw)).sum()), int((tables.rows[names.VARIED] == 0).sum())
    return ImageSummary(channels, height, width, unreadable, blank)


def _split(schema: SchemaConfig, tables: Tables, here: np.ndarray) -> SplitSummary:
    rows = int(here.sum())
    if schema.target_is_number:
        values = tables.rows.loc[here, names.number(schema.target)]
        values = values[np.isfinite(values)]
        if values.empty:
            return SplitSummary(rows)
        return SplitSummary(rows, mean=significant(values.mean()), std=significant(values.std(ddof=0)))
    if schema.target_is_text:
        return SplitSummary(rows)
    target = pd.Series(tables.rows[schema.target])
    classes = schema.columns[schema.target].values or sorted(target.cat.categories)
    counts = target[here].value_counts()
    return SplitSummary(rows, {name: int(counts.get(name, 0)) for name in classes})


def _distribution(rows: pd.DataFrame, name: str, column: Column, tables: Tables) -> dict[str, Any]:
    if column.type in ("integer", "float"):
        return _numbers(tables.rows[names.number(name)])
    return _top(rows[name], at_least=2 if column.type == "text" else 1)


def _numbers(column: "pd.Series[Any]") -> dict[str, Any]:
    values = column[np.isfinite(column)].to_numpy()
    if not len(values):
        return {}
    low, mean, high = (significant(float(value)) for value in (values.min(), values.mean(), values.max()))
    return {"min": low, "mean": mean, "max": high, "histogram": tuple(np.histogram(values, bins=BINS)[0].tolist())}


def _top(column: "pd.Series[Any]", at_least: int) -> dict[str, Any]:
    counts = pd.Series(categories(column)).value_counts()
    ordered = sorted(counts.items(), key=lambda item: (-item[1], str(item[0])))
    return {"top": {str(value): int(rows) for value, rows in ordered[:TOP] if rows >= at_least}}
