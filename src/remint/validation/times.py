"""What is expected of a time series, what it is checked on, and its summary."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd

from remint.config.dataset import SchemaConfig, SplitConfig, TimeSplit
from remint.preprocessing.identity import first_alike, row_ids
from remint.preprocessing.split import parsed_times
from remint.preprocessing.values import texts
from remint.validation import names
from remint.validation.expectation import Expectation, flag
from remint.validation.values import flags
from remint.validation.words import number, significant


@dataclass(frozen=True)
class GroupSummary:
    """One series: from when to when, and how many steps are missing in between."""

    group: str
    "Values of its key columns; empty where there is one series only."
    rows: int
    start: str
    end: str
    gaps: int
    "Steps between start and end that no row stands for."
    share: float
    "Share of gaps in all steps from start to end."


@dataclass(frozen=True)
class SeriesSummary:
    """All series of a dataset."""

    time: str
    step: str
    "Most frequent time between two rows of a series that follow each other."
    groups: tuple[GroupSummary, ...]

    @property
    def gaps(self) -> int:
        """Steps missing in all series."""
        return sum(group.gaps for group in self.groups)

    def content(self) -> dict[str, Any]:
        """Give it as JSON."""
        return {**asdict(self), "groups": [asdict(group) for group in self.groups], "gaps": self.gaps}


def time_columns(rows: pd.DataFrame, modality: str, schema: SchemaConfig, split: SplitConfig) -> dict[str, Any]:
    """Tell of each row whether its time can be read and, in a series, is new to it."""
    if not isinstance(split, TimeSplit) or split.column not in rows:
        return {}
    readable = parsed_times(rows[split.column]).notna().to_numpy()
    columns: dict[str, Any] = {names.FITS_TIME: readable.astype(np.float32)}
    if modality == "series":
        groups = [name for name in group_columns(schema, split) if name in rows]
        first = first_alike(row_ids(rows[[*groups, split.column]]), readable)
        columns |= {names.TIME_ALIKE: first, names.NEW_TIME: flags(first == np.arange(len(rows)), readable)}
    return columns


def series_expectations(schema: SchemaConfig, split: SplitConfig) -> Iterator[Expectation]:
    """Expect each time once in each series."""
    if isinstance(split, TimeSplit):
        groups = group_columns(schema, split)
        series = f"a series (rows of the same {', '.join(groups)})" if groups else "the series"
        yield flag(
            f"no time of {split.column} stands twice in {series}",
            "split.column",
            names.NEW_TIME,
            allowed="each time once",
            subject=split.column,
            shows=(names.TIME_ALIKE, split.column),
        )


def group_columns(schema: SchemaConfig, split: TimeSplit) -> tuple[str, ...]:
    """Name the columns that tell series apart: the split's key, else all columns of role key but the time."""
    keys = split.key or tuple(name for name, column in schema.columns.items() if column.role == "key")
    return tuple(name for name in keys if name != split.column)


def series_summary(rows: pd.DataFrame, schema: SchemaConfig, split: SplitConfig) -> SeriesSummary | None:
    """Find the step of the series, and count its gaps; None where no time can be read."""
    if not isinstance(split, TimeSplit) or split.column not in rows:
        return None
    times = parsed_times(rows[split.column])
    groups = [name for name in group_columns(schema, split) if name in rows]
    ids = row_ids(rows[groups])
    series = [times[ids == i].dropna().drop_duplicates().sort_values() for i in range(int(ids.max(initial=-1)) + 1)]
    labels = [", ".join(texts(rows.loc[ids == i, name].iloc[:1])[0] for name in groups) for i in range(len(series))]
    steps = pd.concat([part.diff().dropna() for part in series]) if series else pd.Series(dtype="float64")
    if steps.empty:
        return None
    step = steps.mode().iloc[0]
    found = [_group(label, part, step) for label, part in zip(labels, series, strict=True) if len(part)]
    return SeriesSummary(split.column, _shown(step), tuple(sorted(found, key=lambda group: group.group)))


def _group(label: str, times: "pd.Series[Any]", step: Any) -> GroupSummary:
    start, end = times.iloc[0], times.iloc[-1]
    steps = round((end - start) / step) + 1
    gaps = max(steps - len(times), 0)
    return GroupSummary(label, len(times), _shown(start), _shown(end), gaps, significant(gaps / steps))


def _shown(value: Any) -> str:
    return number(value) if isinstance(value, float) else str(value).removeprefix("0 days ")
