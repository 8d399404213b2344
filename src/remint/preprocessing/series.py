"""Time series: windows of history, standardised, and the steps that follow."""

from dataclasses import asdict, dataclass
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from remint.config.dataset import SchemaConfig
from remint.config.preprocessing import SeriesPreprocessing
from remint.config.specs import NumbersSpec, OutputSpec, SeriesSpec
from remint.data.raw import RawData
from remint.errors import ConfigError, DataError
from remint.preprocessing.base import Preprocessor
from remint.preprocessing.split import SPLITS
from remint.preprocessing.values import scale

_CYCLES = {"hour": ("hour", 24.0), "weekday": ("dayofweek", 7.0), "yearday": ("dayofyear", 365.25)}


@dataclass(frozen=True)
class Feature:
    """What was fitted on a column."""

    fill: float
    "Median; stands in where there is no value yet."
    mean: float
    std: float


@dataclass(frozen=True)
class SeriesPreprocessor(Preprocessor):
    """See `remint.preprocessing.base.Preprocessor`; takes a DataFrame with times, groups and features.

    A row that is served is the last of its history: it gets a forecast of the steps that follow it, and rows with
    less history before them than a window is long are refused. In a history, a step without a row or a value holds the
    last value before; a step to train or score a forecast on is always measured.
    """

    independent: ClassVar[bool] = False
    options: SeriesPreprocessing
    features: dict[str, Feature]
    "By name; the first is the one to forecast."

    @property
    def spec(self) -> SeriesSpec:
        """What `transform` gives."""
        cycles = (f"{name} {part}" for name in self.options.calendar for part in ("sine", "cosine"))
        names = (*self.features, *cycles)
        return SeriesSpec(features=names, history=self.options.history, horizon=self.options.horizon)

    def transform(self, inputs: pd.DataFrame) -> dict[str, np.ndarray]:
        """Give `series` (float32, T×F) and `starts` (int64, N): a window for each row that has its history before it.

        Raises DataError for a missing column, a time that is none, or where no row has its history before it.
        """
        grid, enough = self._grid(inputs), self.answered(inputs)
        starts = grid.ends - (self.options.history - 1)
        if not enough.any():
            raise DataError(
                f"no row has {self.options.history} steps of {self.options.step} up to it; found: {len(inputs)} rows"
            )
        return {"series": grid.values, "starts": starts[enough]}

    def answered(self, inputs: pd.DataFrame) -> np.ndarray:
        """Tell which rows have their history before them."""
        enough: np.ndarray = self._grid(inputs).position >= self.options.history - 1
        return enough

    def usable(self, raw: RawData, splits: np.ndarray) -> np.ndarray:
        """Tell which rows have their history before them, and all steps to forecast measured and in their own split."""
        grid, horizon = self._grid(raw.rows), self.options.horizon
        last = np.minimum(grid.ends + horizon, len(grid.values) - 1)
        number = np.array([SPLITS.index(split) for split in splits], dtype=np.int64)
        owner = np.full(len(grid.values), -1)
        owner[grid.ends] = number
        measured = grid.measured.cumsum()
        whole = measured[last] - measured[grid.ends] == horizon
        inside = (grid.remaining >= horizon) & whole & (owner[last] == number)
        usable: np.ndarray = inside & (grid.position >= self.options.history - 1)
        return usable

    def moments(self, rows: pd.DataFrame) -> np.ndarray:
        """Number the steps of rows, whatever series they belong to (int64, N)."""
        times = times_of(rows, self.options)
        steps: np.ndarray = ((times - times.min()) // step_of(self.options)).to_numpy(dtype=np.int64)
        return steps

    def outputs(self, raw: RawData, train: np.ndarray, schema: SchemaConfig) -> OutputSpec:  # noqa: ARG002
        """Describe the steps to forecast, standardised as the column itself is."""
        target = self.features[schema.target]
        return NumbersSpec(mean=target.mean, std=target.std, size=self.options.horizon)

    def arrays(
        self,
        raw: RawData,
        index: np.ndarray,
        schema: SchemaConfig,  # noqa: ARG002
        outputs: OutputSpec,
    ) -> dict[str, np.ndarray]:
        """Give the windows that end with the rows of `index`, and as `target` the steps that follow them."""
        assert isinstance(outputs, NumbersSpec)
        grid = self._grid(raw.rows)
        steps = grid.ends[index][:, None] + np.arange(1, self.options.horizon + 1)
        target = grid.target[steps].astype(np.float32)
        return {"series": grid.values, "starts": grid.ends[index] - (self.options.history - 1), "target": target}

    def state(self) -> dict[str, Any]:
        """Give everything that was fitted, as JSON."""
        return {
            "modality": "series",
            "options": self.options.model_dump(mode="json"),
            "features": [{"name": name, **asdict(feature)} for name, feature in self.features.items()],
        }

    def _grid(self, rows: pd.DataFrame) -> "_Grid":
        wanted = (self.options.time, *self.features, *((self.options.group,) if self.options.group else ()))
        for name in wanted:
            if name not in rows.columns:
                raise DataError(f'column "{name}" is missing; found: {", ".join(map(str, rows.columns))}')
        if rows.empty:
            raise DataError(f"there is no row; allowed: {self.options.history} steps of {self.options.step} or more")
        return _Grid(rows, self.options, self.features)


class _Grid:
    """All groups on a regular grid of times, one after the other."""

    def __init__(self, rows: pd.DataFrame, options: SeriesPreprocessing, features: dict[str, Feature]) -> None:
        times, groups = times_of(rows, options), _groups_of(rows, options)
        step = step_of(options)
        self.ends = np.empty(len(rows), dtype=np.int64)
        self.position, self.remaining = np.empty_like(self.ends), np.empty_like(self.ends)
        values, targets, measured, begin = [], [], [], 0
        for group in range(int(groups.max(initial=-1)) + 1):
            mine = np.flatnonzero(groups == group)
            place = ((times[mine] - times[mine].min()) // step).to_numpy(dtype=np.int64)
            _refuse_two_a_step(place, mine, rows, options)
            size = int(place.max()) + 1
            self.ends[mine], self.position[mine], self.remaining[mine] = begin + place, place, size - 1 - place
            grid = rows.iloc[mine][list(features)].astype("float64").set_axis(place, axis=0)
            grid = grid.reindex(range(size))
            measured.append(grid.iloc[:, 0].notna().to_numpy())
            grid = grid.ffill().fillna({name: feature.fill for name, feature in features.items()})
            clock = times[mine].min() + step * np.arange(size)
            values.append(np.hstack([_standardised(grid, features), _cycles(pd.DatetimeIndex(clock), options)]))
            targets.append(grid.iloc[:, 0].to_numpy())
            begin += size
        self.values = np.concatenate(values).astype(np.float32)
        self.target = np.concatenate(targets)
        "The column to forecast, in its raw unit (float64, T)."
        self.measured = np.concatenate(measured)
        "Where that column holds a value of its own, not one that fills a gap (bool, T)."


def fit(raw: RawData, train: np.ndarray, schema: SchemaConfig, options: SeriesPreprocessing) -> SeriesPreprocessor:
    """Fit on the rows that the mask `train` marks; features are the numeric columns, the target first.

    Raises ConfigError for a step that is none, DataError for times that are none.
    """
    step_of(options)
    times_of(raw.rows, options)
    names = [schema.target, *(n for n in schema.features() if schema.columns[n].type in ("integer", "float"))]
    features = {}
    for name in names:
        values = raw.rows.loc[train, name].astype("float64")
        mean, std = float(values.mean()), float(values.std(ddof=0))
        features[name] = Feature(float(values.median()), mean, scale(mean, std))
    return SeriesPreprocessor(options, features)


def load(state: dict[str, Any]) -> SeriesPreprocessor:
    """Give the preprocessor back from its state."""
    features = {f["name"]: Feature(f["fill"], f["mean"], f["std"]) for f in state["features"]}
    return SeriesPreprocessor(SeriesPreprocessing.model_validate(state["options"]), features)


def times_of(rows: pd.DataFrame, options: SeriesPreprocessing) -> "pd.Series[Any]":
    """Give each row's time, index 0…N−1.

    Raises DataError for a value that is none.
    """
    if options.time not in rows.columns:
        raise DataError(f'column "{options.time}" is missing; found: {", ".join(map(str, rows.columns))}')
    times = pd.to_datetime(rows[options.time], errors="coerce", utc=True).reset_index(drop=True)
    wrong = times.isna().to_numpy()
    if wrong.any():
        row = int(wrong.argmax())
        raise DataError(f'column "{options.time}", row {row}, is "{rows[options.time].iloc[row]}"; allowed: a time')
    return times


def step_of(options: SeriesPreprocessing) -> pd.Timedelta:
    """Give the time between two steps. Raises ConfigError for what is none."""
    try:
        step = pd.Timedelta(options.step)
    except ValueError:
        step = pd.Timedelta(0)
    if not step > pd.Timedelta(0):
        raise ConfigError(f'preprocessing.step is "{options.step}"; allowed: a time as pandas writes it, such as "1h"')
    return step


def _groups_of(rows: pd.DataFrame, options: SeriesPreprocessing) -> np.ndarray:
    """Number the series of each row (int64, N)."""
    if options.group is None:
        return np.zeros(len(rows), np.int64)
    groups = pd.factorize(rows[options.group], sort=True)[0]
    if (groups < 0).any():
        row = rows.index[int((groups < 0).argmax())]
        raise DataError(f'column "{options.group}", row {row}, is missing; allowed: a value')
    return groups


def _refuse_two_a_step(place: np.ndarray, mine: np.ndarray, rows: pd.DataFrame, options: SeriesPreprocessing) -> None:
    """Refuse a second row of the same step, which would hide the first."""
    again = pd.Series(place).duplicated().to_numpy()
    if again.any():
        row = rows.iloc[mine[again.argmax()]]
        raise DataError(
            f'column "{options.time}", row {row.name}, is "{row[options.time]}", within {options.step} of '
            "another row; allowed: one row a step of a series; preprocessing.group tells series apart"
        )


def _standardised(grid: pd.DataFrame, features: dict[str, Feature]) -> np.ndarray:
    means = np.array([feature.mean for feature in features.values()])
    stds = np.array([feature.std for feature in features.values()])
    standardised: np.ndarray = (grid.to_numpy() - means) / stds
    return standardised


def _cycles(times: pd.DatetimeIndex, options: SeriesPreprocessing) -> np.ndarray:
    angles = [2 * np.pi * getattr(times, _CYCLES[name][0]) / _CYCLES[name][1] for name in options.calendar]
    waves = [wave(angle) for angle in angles for wave in (np.sin, np.cos)]
    return np.column_stack(waves) if waves else np.empty((len(times), 0))
