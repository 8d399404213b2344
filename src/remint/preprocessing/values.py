"""One canonical text for each raw value, so that 1, 1.0 and "1" are one category whatever pandas inferred."""

from typing import Any

import pandas as pd


def texts(column: "pd.Series[Any]") -> list[str]:
    """Give each value its shortest exact text; a whole float as an integer, a missing value as ""."""
    if pd.api.types.is_float_dtype(column.dtype):
        return [_float_text(value) for value in column.astype("float64").tolist()]
    return ["" if value is None or value is pd.NA or value != value else str(value) for value in column.tolist()]


def _float_text(value: float) -> str:
    if value != value:
        return ""
    return str(int(value)) if value.is_integer() else repr(value)
