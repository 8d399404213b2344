"""Raw inputs of a dataset as a registered model takes them."""

from pathlib import Path
from typing import Any

import pandas as pd

from remint import paths
from remint.data.raw import read_raw
from remint.files import read_json
from remint.preprocessing.base import load_preprocessor
from remint.preprocessing.series import SeriesPreprocessor
from remint.registry.checksums import PREPROCESSOR


def example_inputs(dataset: str, row: int, model: Path) -> Any:
    """Give one raw row: a table of one row, or one image; of a series the row and the history that it needs.

    `model` is the folder `data/` of the version that takes it.
    """
    raw = read_raw(paths.raw(dataset))
    if raw.images is not None:
        return raw.images[row : row + 1]
    preprocessor = load_preprocessor(read_json(model / PREPROCESSOR))
    if isinstance(preprocessor, SeriesPreprocessor):
        return _history(raw.rows, row, preprocessor)
    return raw.rows.iloc[[row]]


def _history(rows: pd.DataFrame, row: int, preprocessor: SeriesPreprocessor) -> pd.DataFrame:
    options = preprocessor.options
    if options.group is not None:
        rows = rows[rows[options.group] == rows[options.group].iloc[row]]
    times = pd.to_datetime(rows[options.time], utc=True)
    before = times[times <= times.loc[row]].sort_values()
    return rows.loc[before.index[-options.history :]]
