"""Raw columns as what they are declared to be, whatever type they were read as."""

from typing import Any

import numpy as np
import pandas as pd

from remint.config.dataset import Column
from remint.preprocessing.values import texts
from remint.validation import names

BOOLEAN_TEXTS = ("True", "False", "true", "false", "1", "0")


def flags(ok: np.ndarray, checked: np.ndarray) -> np.ndarray:
    """Give 1 and 0, and NaN where nothing is checked (float32, N)."""
    return np.where(checked, ok, np.nan).astype(np.float32)


def typed_columns(name: str, column: "pd.Series[Any]", declared: Column) -> dict[str, Any]:
    """Give the column and what is derived from it, by the names of `remint.validation.names`."""
    if declared.type in ("integer", "float"):
        return _number_columns(name, column, declared.type == "integer")
    if declared.type == "text":
        return {name: column, names.fits_type(name): flags(_is_text(column), _present(column))}
    text = categories(column)
    if declared.type == "boolean":
        known = np.append(np.isin(list(text.categories), BOOLEAN_TEXTS), False)
        return {name: text, names.fits_type(name): flags(known[text.codes], text.codes >= 0)}
    return {name: text}


def categories(column: "pd.Series[Any]") -> "pd.Categorical[Any]":
    """Give each value's canonical text, by which categories are compared; categories in order of appearance."""
    codes, values = pd.factorize(column)
    text_codes, text_values = pd.factorize(np.array(texts(pd.Series(values)), dtype=object))
    return pd.Categorical.from_codes(np.append(text_codes, -1)[codes], categories=pd.Index(text_values))


def numbers(column: "pd.Series[Any]") -> np.ndarray:
    """Give the values as numbers (float64, N); NaN where a value is missing or is none."""
    if pd.api.types.is_bool_dtype(column.dtype):
        return np.full(len(column), np.nan)
    parsed = pd.to_numeric(column.astype("object") if column.dtype == "category" else column, errors="coerce")
    return parsed.to_numpy(dtype=np.float64, na_value=np.nan)


def _number_columns(name: str, column: "pd.Series[Any]", whole: bool) -> dict[str, Any]:
    values, present = numbers(column), _present(column)
    is_number = ~np.isnan(values)
    fits = is_number & _stored_as_number(column, present, is_number)
    if whole:
        fits &= np.isinf(values) | (values == np.floor(values))
    return {
        name: column,
        names.number(name): values,
        names.fits_type(name): flags(fits, present),
        names.finite(name): flags(np.isfinite(values), is_number),
    }


def _stored_as_number(column: "pd.Series[Any]", present: np.ndarray, is_number: np.ndarray) -> np.ndarray:
    """A single broken value makes the reader take a whole column for text: then only that one is to blame."""
    broken = bool((present & ~is_number).any())
    return np.full(len(column), broken or pd.api.types.is_numeric_dtype(column.dtype))


def _is_text(column: "pd.Series[Any]") -> np.ndarray:
    if isinstance(column.dtype, pd.StringDtype) or pd.api.types.is_datetime64_any_dtype(column.dtype):
        return _present(column)
    return np.fromiter((isinstance(value, str) for value in column), dtype=bool, count=len(column))


def _present(column: "pd.Series[Any]") -> np.ndarray:
    return column.notna().to_numpy()
