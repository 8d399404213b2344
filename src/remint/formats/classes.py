"""Classes cut out of a number: a score above 0 is `positive`, any other `negative`."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from remint.config.messages import nearest
from remint.config.source import ThresholdConfig
from remint.errors import DataError


def with_classes(name: str, rows: pd.DataFrame, declared: Mapping[str, ThresholdConfig]) -> pd.DataFrame:
    """Add the declared category columns; a missing number gives a missing class.

    Raises DataError for a column that is not there or holds something else than numbers, or a name that is taken.
    """
    added = {}
    for new, threshold in declared.items():
        if new in rows.columns:
            raise DataError(f'{name}: classes_from would make a column "{new}", which the file has already')
        values = _numbers(name, rows, threshold.column)
        first, second = threshold.classes
        classes = [None if value != value else second if value > threshold.above else first for value in values]
        added[new] = pd.Series(classes, index=rows.index, dtype="str")
    return rows.assign(**added)


def _numbers(name: str, rows: pd.DataFrame, column: str) -> np.ndarray:
    if column not in rows.columns:
        hint = nearest(column, [str(c) for c in rows.columns])
        raise DataError(f'{name}: classes_from names "{column}", which is no column{hint}')
    numbers = pd.to_numeric(rows[column], errors="coerce")
    wrong = (numbers.isna() & rows[column].notna()).to_numpy()
    if wrong.any():
        row = int(wrong.argmax())
        found = f'"{column}" is "{rows[column].iloc[row]}"'
        raise DataError(f"{name}, row {row} (from 0): classes_from column {found}; allowed: a number")
    return numbers.to_numpy(dtype=np.float64, na_value=np.nan)
