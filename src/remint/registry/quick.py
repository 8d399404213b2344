"""A few rows of a table answered without pandas, whose fixed cost is that of thousands of rows.

Only rows with nothing unusual about them are taken; their answers have the bits that `Predictor.predict` gives. All
else, mistakes above all, is left to `Predictor.predict`.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from remint.config.dataset import Column
from remint.evaluation.tables import predicted_columns
from remint.preprocessing.tabular import NumericColumn, TabularPreprocessor
from remint.registry.input_schema import InputSchema
from remint.registry.predictor import Predictor
from remint.registry.problems import ERROR, LARGEST

MOST = 256
"Rows: a batch."
Answer = list[dict[str, Any]]
_Numbers = Callable[[Sequence[Any]], np.ndarray | None]
_Codes = Callable[[Sequence[Any]], list[int] | None]


class QuickPredictor:
    """Answers columns of JSON values."""

    able: bool
    "Whether any rows at all are answered."

    def __init__(self, predictor: Predictor) -> None:
        self._predictor = predictor
        schema, preprocessor = predictor.schema, predictor.preprocessor
        self._known, self._taken = frozenset(schema.columns), frozenset(schema.taken)
        self._numbers: dict[str, _Numbers] = {}
        self._codes: dict[str, _Codes] = {}
        self.able = isinstance(preprocessor, TabularPreprocessor) and self._taken.isdisjoint(predictor.cleaning.columns)
        if isinstance(preprocessor, TabularPreprocessor):
            self._numbers = {n: _numbers_of(schema.columns[n], fit) for n, fit in preprocessor.numeric.items()}
            self._codes = {n: _codes_of(schema, n, values) for n, values in preprocessor.categories.items()}

    def answer(self, columns: Mapping[str, Sequence[Any]], skip: bool) -> Answer | None:
        """Give a row each, as `Predictor.predict` does, or None where that must be asked. `skip`: with `error`."""
        if not self.able or not self._taken <= columns.keys() <= self._known:
            return None
        rows = {len(columns[name]) for name in self._taken}
        if len(rows) != 1 or not 0 < max(rows) <= MOST:
            return None
        arrays = self._arrays(columns, max(rows))
        return None if arrays is None else self._answered(arrays, skip)

    def _arrays(self, columns: Mapping[str, Sequence[Any]], rows: int) -> dict[str, np.ndarray] | None:
        numeric = np.empty((rows, len(self._numbers)), dtype=np.float32)
        for i, (name, numbers) in enumerate(self._numbers.items()):
            values = numbers(columns[name])
            if values is None:
                return None
            numeric[:, i] = values
        codes = np.empty((rows, len(self._codes)), dtype=np.int64)
        for i, (name, find) in enumerate(self._codes.items()):
            found = find(columns[name])
            if found is None:
                return None
            codes[:, i] = found
        return {"numeric": numeric, "codes": codes}

    def _answered(self, arrays: dict[str, np.ndarray], skip: bool) -> Answer:
        predicted = predicted_columns(self._predictor.score_arrays(arrays), self._predictor.spec.outputs)
        columns = {name: values.tolist() for name, values in predicted.items()}
        more = {ERROR: None} if skip else {}
        return [dict(zip(columns, row, strict=True)) | more for row in zip(*columns.values(), strict=True)]


def _numbers_of(column: Column, fitted: NumericColumn) -> _Numbers:
    """Give what standardises the values of a column, or gives None for one that is not plainly allowed."""
    low = max(-LARGEST if column.min is None else column.min, -1 if fitted.log else -LARGEST)
    high = LARGEST if column.max is None else column.max
    whole, gaps = column.type == "integer", column.missing > 0

    def plain(value: Any) -> bool:
        if type(value) is int:
            return low <= value <= high
        return type(value) is float and low <= value <= high and not (whole and not value.is_integer())

    def numbers(values: Sequence[Any]) -> np.ndarray | None:
        if not all(plain(value) or (gaps and value is None) for value in values):
            return None
        found = np.array([math.nan if value is None else float(value) for value in values])
        if fitted.log:
            if (found == -1).any():
                return None
            found = np.log1p(found)
        standard: np.ndarray = (np.where(np.isnan(found), fitted.fill, found) - fitted.mean) / fitted.std
        return standard

    return numbers


def _codes_of(schema: InputSchema, name: str, values: tuple[str, ...]) -> _Codes:
    """Give what looks up the codes of a column, or gives None for a value that is not plainly allowed."""
    column = schema.columns[name]
    allowed = schema.booleans.get(name) if column.type == "boolean" else column.values
    codes = {value: code for code, value in enumerate(values, start=1)}
    accepted = None if allowed is None else frozenset(allowed)
    gaps, blank = column.missing > 0, schema.is_blank_missing(name)

    def find(given: Sequence[Any]) -> list[int] | None:
        found = []
        for value in given:
            if value is None or (blank and value == ""):
                if not gaps:
                    return None
                found.append(codes.get("", 0))
                continue
            if type(value) not in (str, bool, int):
                return None
            text = str(value)
            if accepted is not None and text not in accepted:
                return None
            found.append(codes.get(text, 0))
        return found

    return find
