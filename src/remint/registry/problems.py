"""Raw rows that a model may not be asked about: each with what was found, in which column, and what is allowed.

All of a column is looked at in one call; only rows that are wrong are told one by one.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from remint.config.dataset import Column
from remint.preprocessing.values import texts
from remint.registry.input_schema import InputSchema

LARGEST = float(np.finfo(np.float32).max)
"Of a number: the network computes in float32."
ERROR = "error"
"Column that tells why a row was skipped."


@dataclass(frozen=True)
class Problem:
    """Rows whose value in a column is not allowed."""

    column: str
    wrong: np.ndarray
    "bool, N"
    allowed: str


def without_blanks(schema: InputSchema, table: pd.DataFrame) -> pd.DataFrame:
    """Give the same rows (N) with no value where an empty text stands for none."""
    blank = {name: _is_blank(table[name]) for name in schema.taken if schema.is_blank_missing(name)}
    changed = {name: table[name].mask(rows) for name, rows in blank.items() if rows.any()}
    return table.assign(**changed) if changed else table


def type_problems(schema: InputSchema, table: pd.DataFrame) -> Iterator[Problem]:
    """Give the values (of N raw rows) that are not of the declared type, or infinite."""
    for name in schema.taken:
        declared = schema.columns[name]
        if name == schema.time:
            times = pd.to_datetime(table[name], errors="coerce", utc=True)
            yield Problem(name, times.isna().to_numpy(), "a time")
        elif declared.type in ("integer", "float"):
            yield from _number_problems(name, table[name], declared)
        elif schema.text == name:
            yield Problem(name, ~_is_text(table[name]), "a text")
        else:
            yield Problem(name, ~_fits(table[name], lambda values: [_is_scalar(value) for value in values]), "a value")


def value_problems(schema: InputSchema, table: pd.DataFrame) -> Iterator[Problem]:
    """Give the values (of N clean rows of the declared types) that are out of range or missing."""
    for name in schema.taken:
        declared, column = schema.columns[name], table[name]
        if declared.missing == 0:
            yield Problem(name, column.isna().to_numpy(), "a value in every row")
        if declared.type in ("integer", "float"):
            yield from _range_problems(name, column, declared, name in schema.logged)
        allowed = schema.booleans.get(name) if declared.type == "boolean" else declared.values
        if allowed is not None and schema.text != name:
            known = {*allowed, ""}  # the text of a missing value, which is another problem, or none
            wrong = ~_fits(column, lambda values, known=known: [text in known for text in texts(values)])
            yield Problem(name, wrong, ", ".join(allowed))


def told(problems: Iterator[Problem], table: pd.DataFrame) -> dict[int, str]:
    """Give what is wrong by row number (0…N−1), the first problem of a row alone; empty where all is well."""
    found: dict[int, str] = {}
    for problem in problems:
        for row in np.flatnonzero(problem.wrong).tolist():
            if row not in found:
                value = _shown(table[problem.column].iloc[row])
                found[row] = (
                    f'column "{problem.column}", row {table.index[row]}, is {value}; allowed: {problem.allowed}'
                )
    return found


def with_errors(answer: pd.DataFrame, answered: np.ndarray, errors: dict[int, str], index: pd.Index) -> pd.DataFrame:
    """Put the answers of the rows `answered` among those that got none, and why into the column `error`."""
    if not errors:
        return answer.assign(**{ERROR: None})
    whole = answer.set_axis(answered).reindex(range(len(index)))
    whole[ERROR] = pd.Series(errors, dtype=object).reindex(range(len(index)))
    texts = [name for name in whole if not pd.api.types.is_numeric_dtype(whole[name].dtype)]
    whole = whole.astype(dict.fromkeys(texts, object))
    for name in texts:
        whole[name] = whole[name].where(whole[name].notna(), None)
    return whole.set_axis(index)


def _number_problems(name: str, column: "pd.Series[Any]", declared: Column) -> Iterator[Problem]:
    """Give what is no number, infinite, or broken where a whole number belongs."""
    word = "a whole number" if declared.type == "integer" else "a number"
    if pd.api.types.is_bool_dtype(column.dtype):
        yield Problem(name, np.ones(len(column), dtype=bool), word)
        return
    if pd.api.types.is_numeric_dtype(column.dtype):
        values, wrong = _as_float(column), np.zeros(len(column), dtype=bool)
    else:
        values, wrong = _parsed(column)
    if declared.type == "integer":
        with np.errstate(invalid="ignore"):
            wrong |= np.isfinite(values) & (values != np.floor(values))
    yield Problem(name, wrong, word)
    yield Problem(name, np.abs(values) > LARGEST, "a finite number, as float32 holds it")


def _range_problems(name: str, column: "pd.Series[Any]", declared: Column, logged: bool) -> Iterator[Problem]:
    values = _as_float(column)
    low, high = declared.min, declared.max
    if low is not None or high is not None:
        ends = -math.inf if low is None else low, math.inf if high is None else high
        yield Problem(name, (values < ends[0]) | (values > ends[1]), _interval(low, high))
    if logged:
        yield Problem(name, values <= -1, "a number above -1, as log(1 + x) is taken")


def _as_float(column: "pd.Series[Any]") -> np.ndarray:
    """Give numbers (float64, N), NaN where one is missing."""
    if column.dtype == object:
        return _parsed(column)[0]
    return np.asarray(column.to_numpy(dtype=np.float64, na_value=np.nan))


def _parsed(column: "pd.Series[Any]") -> tuple[np.ndarray, np.ndarray]:
    """Give the numbers of a column of any values (float64, N; NaN where there is none), and which are none."""
    values, wrong = np.full(len(column), np.nan), np.zeros(len(column), dtype=bool)
    missing = column.isna().to_numpy()
    for row, value in enumerate(column.tolist()):
        if missing[row]:
            continue
        if isinstance(value, int | float | np.integer | np.floating) and not isinstance(value, bool):
            values[row] = _float(value)
        else:
            wrong[row] = True
    return values, wrong


def _float(value: Any) -> float:
    try:
        return float(value)
    except OverflowError:
        return math.inf


def _fits(column: "pd.Series[Any]", fit: Any) -> np.ndarray:
    """Tell which values fit (bool, N). `fit` takes a column and tells each; of texts it is asked about each once."""
    if isinstance(column.dtype, pd.StringDtype):
        codes, values = pd.factorize(column)
        known = np.array([*fit(pd.Series(values)), True], dtype=bool)
        return np.asarray(known[codes])
    return np.fromiter(fit(column), dtype=bool, count=len(column))


def _is_scalar(value: Any) -> bool:
    return value is None or value is pd.NA or isinstance(value, str | bool | int | float | np.generic)


def _is_text(column: "pd.Series[Any]") -> np.ndarray:
    if isinstance(column.dtype, pd.StringDtype):
        return column.notna().to_numpy()
    return np.fromiter((isinstance(value, str) for value in column), dtype=bool, count=len(column))


def _is_blank(column: "pd.Series[Any]") -> np.ndarray:
    """Tell which values are the empty text (bool, N)."""
    if column.dtype == object:
        return np.fromiter((isinstance(value, str) and not value for value in column), dtype=bool, count=len(column))
    if isinstance(column.dtype, pd.CategoricalDtype) or pd.api.types.is_string_dtype(column.dtype):
        return np.asarray((column == "").fillna(False).to_numpy(dtype=bool))
    return np.zeros(len(column), dtype=bool)


def _interval(low: float | None, high: float | None) -> str:
    if low is None:
        return f"at most {high:.15g}"
    return f"at least {low:.15g}" if high is None else f"{low:.15g} to {high:.15g}"


def _shown(value: Any) -> str:
    """Give a value as people read it, a long one cut."""
    if value is None or value is pd.NA or value is pd.NaT or (isinstance(value, float) and math.isnan(value)):
        return "missing"
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))  # what a file holds as 300 may have been read as 300.0
    shown = f'"{value}"' if isinstance(value, str) else repr(value.item() if isinstance(value, np.generic) else value)
    return shown if len(shown) <= 80 else f"{shown[:76]}…{shown[-1]}"
