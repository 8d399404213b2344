"""Raw values: a canonical text for each, so that 1, 1.0 and "1" are one category whatever pandas inferred; a scale."""

from typing import Any

import numpy as np
import pandas as pd


def texts(column: "pd.Series[Any]") -> list[str]:
    """Give each value its shortest exact text; a whole float as an integer, a missing value as ""."""
    if pd.api.types.is_float_dtype(column.dtype):
        return [_float_text(value) for value in column.astype("float64").tolist()]
    return [_text(value) for value in column.tolist()]


def scale(mean: float, std: float) -> float:
    """Give what to divide centred values by: their standard deviation, or 1.0 where it is rounding error alone.

    `np.full(1000, 0.1).std()` is 1.4e-17, not 0.
    """
    return std if std > 1e-12 * abs(mean) else 1.0


def _text(value: Any) -> str:
    if value is None or value is pd.NA or value != value:
        return ""
    return _float_text(float(value)) if isinstance(value, float | np.floating) else str(value)


def _float_text(value: float) -> str:
    if value != value:
        return ""
    return str(int(value)) if value.is_integer() else repr(value)
