"""Tables: standardised numbers, category codes."""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd

from remint.config.dataset import SchemaConfig
from remint.config.preprocessing import TabularPreprocessing
from remint.config.specs import CategorySpec, OutputSpec, TabularSpec
from remint.data.raw import RawData
from remint.errors import DataError
from remint.preprocessing.base import Preprocessor
from remint.preprocessing.values import scale, texts


@dataclass(frozen=True)
class NumericColumn:
    """What was fitted on a numeric column, after the logarithm where it is taken."""

    log: bool
    fill: float
    "Median of the values present; stands in for a missing one."
    mean: float
    std: float


@dataclass(frozen=True)
class TabularPreprocessor(Preprocessor):
    """See `remint.preprocessing.base.Preprocessor`; takes a DataFrame with at least the feature columns."""

    numeric: dict[str, NumericColumn]
    categories: dict[str, tuple[str, ...]]
    "Column to its values; value number i has the code i + 1, any other value 0."
    log_target: bool = False
    "Whether the target is predicted as log(1 + target)."

    @property
    def spec(self) -> TabularSpec:
        """What `transform` gives."""
        categories = tuple(CategorySpec(name=name, codes=len(values) + 1) for name, values in self.categories.items())
        return TabularSpec(numeric=tuple(self.numeric), categories=categories)

    def transform(self, inputs: pd.DataFrame) -> dict[str, np.ndarray]:
        """Give `numeric` (float32, N×F) and `codes` (int64, N×K).

        Raises DataError for a missing column, or a text or an infinity where a number belongs.
        """
        for name in (*self.numeric, *self.categories):
            if name not in inputs.columns:
                raise DataError(f'column "{name}" is missing; found: {", ".join(map(str, inputs.columns))}')
        numeric = np.empty((len(inputs), len(self.numeric)), dtype=np.float32)
        for i, (name, column) in enumerate(self.numeric.items()):
            numeric[:, i] = (_filled(_numbers(inputs[name], column.log), column.fill) - column.mean) / column.std
        codes = np.empty((len(inputs), len(self.categories)), dtype=np.int64)
        for i, (name, values) in enumerate(self.categories.items()):
            codes[:, i] = _codes(inputs[name], values)
        return {"numeric": numeric, "codes": codes}

    def outputs(self, raw: RawData, train: np.ndarray, schema: SchemaConfig) -> OutputSpec:
        """Describe the target, or its logarithm."""
        part = self._logged(raw.rows[train], schema)
        return super().outputs(part, np.ones(len(part.rows), dtype=bool), schema)

    def arrays(
        self, raw: RawData, index: np.ndarray, schema: SchemaConfig, outputs: OutputSpec
    ) -> dict[str, np.ndarray]:
        """Give the arrays of rows, with their target or its logarithm."""
        return super().arrays(self._logged(raw.rows.iloc[index], schema), np.arange(len(index)), schema, outputs)

    def _logged(self, rows: pd.DataFrame, schema: SchemaConfig) -> RawData:
        """Take rows in use alone: one that cleaning leaves out may have no logarithm."""
        if not self.log_target:
            return RawData(rows)
        return RawData(rows.assign(**{schema.target: _numbers(rows[schema.target], log=True)}))

    def state(self) -> dict[str, Any]:
        """Give everything that was fitted, as JSON."""
        return {
            "modality": "tabular",
            "log_target": self.log_target,
            "numeric": [{"name": name, **asdict(column)} for name, column in self.numeric.items()],
            "categories": [{"name": name, "values": list(values)} for name, values in self.categories.items()],
        }


def fit(raw: RawData, train: np.ndarray, schema: SchemaConfig, options: TabularPreprocessing) -> TabularPreprocessor:
    """Fit on the rows that the mask `train` marks. Declared values of a category are all known, seen or not.

    Raises DataError for a feature that is text, a number that is none or infinite, or a column to be logged that is not
    numeric or not above -1.
    """
    numeric: dict[str, NumericColumn] = {}
    categories: dict[str, tuple[str, ...]] = {}
    for name in options.log:
        if name not in schema.columns or schema.columns[name].type not in ("integer", "float"):
            raise DataError(f'preprocessing.log names "{name}"; allowed: a column of type integer or float')
    for name in schema.features():
        column = schema.columns[name]
        if column.type == "text":
            raise DataError(f'column "{name}" is text, which a table cannot hold as a feature; allowed: role ignored')
        if column.type in ("integer", "float"):
            numeric[name] = _fit_numeric(_numbers(raw.rows.loc[train, name], name in options.log), name in options.log)
        else:
            categories[name] = column.values or tuple(sorted(set(texts(raw.rows.loc[train, name])) - {""}))
    return TabularPreprocessor(numeric, categories, schema.target in options.log)


def load(state: dict[str, Any]) -> TabularPreprocessor:
    """Give the preprocessor back from its state."""
    numeric = {c["name"]: NumericColumn(c["log"], c["fill"], c["mean"], c["std"]) for c in state["numeric"]}
    categories = {c["name"]: tuple(c["values"]) for c in state["categories"]}
    return TabularPreprocessor(numeric, categories, state["log_target"])


def _fit_numeric(values: np.ndarray, log: bool) -> NumericColumn:
    present = values[~np.isnan(values)]
    fill = float(np.median(present)) if len(present) else 0.0
    filled = _filled(values, fill)
    mean, std = float(filled.mean()), float(filled.std())
    return NumericColumn(log, fill, mean, scale(mean, std))


def _numbers(column: "pd.Series[Any]", log: bool) -> np.ndarray:
    """Give the numbers (float64, N), or log(1 + number); NaN where one is missing."""
    try:
        values: np.ndarray = pd.to_numeric(column).to_numpy(dtype=np.float64, na_value=np.nan)
    except (ValueError, TypeError):
        wrong = pd.to_numeric(column, errors="coerce").isna() & column.notna()
        raise _refusal(column, wrong.to_numpy(), "a number") from None
    if log:
        if (values <= -1).any():
            raise _refusal(column, values <= -1, "a number above -1, as log(1 + x) is taken")
        values = np.log1p(values)
    infinite = np.abs(values) > np.finfo(np.float32).max
    if infinite.any():
        raise _refusal(column, infinite, "a finite number, as float32 holds it")
    return values


def _codes(column: "pd.Series[Any]", values: tuple[str, ...]) -> np.ndarray:
    """Give the code of each value (int64, N); of a column of texts each distinct one is looked up once."""
    known = pd.Index(values, dtype=object)
    if not isinstance(column.dtype, pd.StringDtype):
        return known.get_indexer(pd.Index(texts(column), dtype=object)) + 1
    places, found = pd.factorize(column)
    distinct = pd.Index([*texts(pd.Series(found)), ""], dtype=object)  # the last: what place -1, a missing value, means
    codes: np.ndarray = known.get_indexer(distinct)[places] + 1
    return codes


def _refusal(column: "pd.Series[Any]", wrong: np.ndarray, allowed: str) -> DataError:
    row = int(wrong.argmax())
    return DataError(f'column "{column.name}", row {column.index[row]}, is "{column.iloc[row]}"; allowed: {allowed}')


def _filled(values: np.ndarray, fill: float) -> np.ndarray:
    return np.where(np.isnan(values), fill, values)
