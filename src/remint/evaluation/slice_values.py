"""What the rows of a slice have in common: a value, or a band of numbers."""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd

from remint import paths
from remint.config.evaluation import SliceConfig
from remint.config.specs import ClassesSpec
from remint.errors import ConfigError
from remint.evaluation.scored import Scored

MISSING = "missing"
"Names the slice of rows without a value."
FEW = 12
"Whole numbers of up to so many values are sliced by value."
MOST = 200
"Slices of one slicing."
_OFF = 0.02
"How far a rounded edge may lie from its quantile, as a share of the distance between the outermost ones."
Parts = Iterator[tuple[str, np.ndarray]]
"Name of a value or band, and the row numbers (int64) that have it."


def slice_rows(name: str, config: SliceConfig, scored: Scored, unknown_token: int | None) -> Parts:
    """Give each value or band of a declared slicing with its rows; empty ones are left out, missing values come last.

    Values that are written alike, such as 1 and "1", are one. Raises ConfigError for a column that the rows lack or
    that has more than `MOST` values, and for a measure that the data does not have.
    """
    found: dict[str, np.ndarray] = {}
    for value, index in _parts(name, config, scored, unknown_token):
        found[value] = np.union1d(found[value], index) if value in found else index
    if len(found) > MOST:
        raise ConfigError(f"{_key(name)} gives {len(found)} slices; allowed: at most {MOST}, or edges of numbers")
    yield from found.items()


def _parts(name: str, config: SliceConfig, scored: Scored, unknown_token: int | None) -> Parts:
    if config.measure == "class":
        yield from _class_rows(name, scored)
        return
    values = _column(name, config.column, scored) if config.column else _measure(name, config, scored, unknown_token)
    present = values.notna().to_numpy()
    if _is_banded(values[present], config):
        yield from band_rows(values.to_numpy(dtype=np.float64, na_value=np.nan), _edges(values[present], config))
    else:
        yield from value_rows(values)
    if not present.all():
        yield MISSING, np.flatnonzero(~present)


def value_rows(values: "pd.Series[Any]") -> Parts:
    """Give each value with its rows, numbers in their order, else by name."""
    for value in sorted(values.dropna().unique().tolist(), key=lambda value: (isinstance(value, str), value)):
        yield _told(value), np.flatnonzero((values == value).to_numpy(dtype=bool, na_value=False))


def band_rows(values: np.ndarray, edges: Sequence[float]) -> Parts:
    """Give each band with its rows: below the first edge, from each edge to below the next, from the last on.

    `values` is float64, NaN where there is none.
    """
    bands = np.searchsorted(np.asarray(edges, dtype=np.float64), values, side="right")
    for band, name in enumerate(band_names(edges)):
        index = np.flatnonzero((bands == band) & ~np.isnan(values))
        if len(index):
            yield name, index


def band_names(edges: Sequence[float]) -> list[str]:
    """Give the names of the bands: "< 25", "25 to < 35", "≥ 35"."""
    if not edges:
        return ["all"]
    told = [_told(edge) for edge in edges]
    between = [f"{low} to < {high}" for low, high in pairwise(told)]
    return [f"< {told[0]}", *between, f"≥ {told[-1]}"]


def slice_title(name: str, value: str) -> str:
    """Give `sex = Female`, `age ≥ 65`, `age 25 to < 35`."""
    banded = value.startswith(("< ", "≥ ")) or " to < " in value
    return f"{name} {value}" if banded else f"{name} = {value}"


def _is_banded(values: "pd.Series[Any]", config: SliceConfig) -> bool:
    if config.edges or not config.column:
        return True
    if pd.api.types.is_bool_dtype(values) or not pd.api.types.is_numeric_dtype(values):
        return False
    whole = (values.astype(np.float64) % 1 == 0).all()
    return not (whole and values.nunique() <= FEW)


def _edges(values: "pd.Series[Any]", config: SliceConfig) -> Sequence[float]:
    """Give the declared edges, else quantiles in as few digits, three at least, as keep the bands of like size."""
    if config.edges:
        return config.edges
    numbers = values.to_numpy(dtype=np.float64)
    if not len(numbers):
        return ()
    quantiles = np.quantile(numbers, np.arange(1, config.bands) / config.bands)
    spread = float(np.ptp(quantiles)) or float(np.ptp(numbers))
    rounded = ([float(f"{edge:.{digits}g}") for edge in quantiles] for digits in range(3, 17))
    near = (edges for edges in rounded if np.abs(np.subtract(edges, quantiles)).max(initial=0) <= _OFF * spread)
    edges = sorted(set(next(near, quantiles.tolist())))
    return [edge for edge in edges if numbers.min() < edge <= numbers.max()]


def _class_rows(name: str, scored: Scored) -> Parts:
    if not isinstance(scored.spec.outputs, ClassesSpec):
        raise ConfigError(f'{_key(name)}.measure is "class"; the target is {scored.spec.outputs.noun}, no category')
    for index, label in enumerate(scored.classes):
        rows = np.flatnonzero(scored.target == index)
        if len(rows):
            yield label, rows


def _column(name: str, column: str, scored: Scored) -> "pd.Series[Any]":
    if column not in scored.rows:
        others = ", ".join(f'"{other}"' for other in scored.rows if other not in ("split", "row"))
        raise ConfigError(f'{_key(name)}.column is "{column}"; allowed: {others}')
    return scored.rows[column].reset_index(drop=True)


def _measure(name: str, config: SliceConfig, scored: Scored, unknown_token: int | None) -> "pd.Series[Any]":
    """Give an image's mean pixel, a text's number of tokens, or its share of unknown ones (float64)."""
    arrays = scored.arrays
    if config.measure == "brightness" and "image" in arrays:
        return pd.Series(arrays["image"].mean(axis=(1, 2, 3), dtype=np.float64))
    if config.measure == "length" and "offsets" in arrays:
        return pd.Series(np.diff(arrays["offsets"]).astype(np.float64))
    if config.measure == "unknown" and "offsets" in arrays and unknown_token is not None:
        known = np.concatenate([[0], np.cumsum(arrays["tokens"] == unknown_token)])
        unknown = np.diff(known[arrays["offsets"]])
        return pd.Series(unknown / np.maximum(np.diff(arrays["offsets"]), 1))
    raise ConfigError(f'{_key(name)}.measure is "{config.measure}", which {scored.spec.inputs.modality} data lacks')


def _told(value: object) -> str:
    """Write whole numbers without a decimal point."""
    return f"{value:.15g}" if isinstance(value, float) else str(value)


def _key(name: str) -> str:
    return f"{paths.DATASETS_FILE}: evaluation.slices.{name}"
