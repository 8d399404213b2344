"""Cleaning: what is done about outliers, noise, gaps and duplicates, fitted on the train split.

Rows are left out of training and testing alike, and of no served input; values are changed in both.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from remint.config.dataset import CleaningConfig, SchemaConfig
from remint.errors import DataError
from remint.preprocessing.cleaning_check import check_cleaning
from remint.preprocessing.cleaning_column import ColumnCleaner, fit_column
from remint.preprocessing.identity import first_alike, image_ids, row_ids


@dataclass(frozen=True)
class Cleaning:
    """A fitted cleaning: `kept` tells which raw rows stay, `clean` changes values."""

    columns: dict[str, ColumnCleaner]
    features: tuple[str, ...]
    "Columns by which rows are alike."
    target: str
    texts: tuple[str, ...]
    "Columns of texts, whose white space at both ends does not count."
    duplicates: bool
    "Whether rows like an earlier one in every feature and the target are left out."
    contradictions: bool
    "Whether rows alike in every feature, but not in their target, are left out."

    def clean(self, rows: pd.DataFrame) -> pd.DataFrame:
        """Give the same rows (N) with values clipped, winsorised and imputed.

        Columns that are not there are left alone, so that served rows need no target. So are columns of numbers in
        which a value is none: what reads them next tells which.
        """
        return rows.assign(**{name: c.clean(rows[name]) for name, c in self.columns.items() if name in rows})

    def kept(self, rows: pd.DataFrame, images: np.ndarray | None = None) -> np.ndarray:
        """Tell which raw rows are neither out of range nor a contradiction nor a duplicate (bool, N).

        Of rows alike the first is kept, whatever their splits: `rows` are all of the dataset, in raw order. With
        `images` (N×H×W×C) rows are told apart by their pixels, too. Raises DataError where nothing tells rows apart.
        """
        return _none_of(self._dropped(rows, images), len(rows))

    def counts(self, rows: pd.DataFrame, images: np.ndarray | None = None) -> dict[str, Any]:
        """Count what is done: rows left out in the order of `kept`, then values changed in the rows that are kept.

        Keys: `rows` and `kept`; `columns`: column to step to rows or values; `contradictions` and `duplicates`: rows,
        where they are dropped. A row out of range in two columns counts in both.
        """
        dropped = self._dropped(rows, images)
        kept = _none_of(dropped, len(rows))
        columns = {
            name: ({} if cleaner.drop is None else {"drop": int(dropped[("drop", name)].sum())})
            | cleaner.counts(rows.loc[kept, name])
            for name, cleaner in self.columns.items()
            if name in rows
        }
        alike = {step: int(rows_out.sum()) for (step, name), rows_out in dropped.items() if not name}
        return {"rows": len(rows), "kept": int(kept.sum()), "columns": columns, **alike}

    def state(self) -> dict[str, Any]:
        """Give everything that was fitted, as JSON."""
        return {
            "columns": [{"name": name, **cleaner.state()} for name, cleaner in self.columns.items()],
            "features": list(self.features),
            "target": self.target,
            "texts": list(self.texts),
            "duplicates": self.duplicates,
            "contradictions": self.contradictions,
        }

    def _dropped(self, rows: pd.DataFrame, images: np.ndarray | None) -> dict[tuple[str, str], np.ndarray]:
        """Tell by step and column which rows are left out; a step looks at the rows that those before it leave."""
        ranged = {name: c for name, c in self.columns.items() if c.drop is not None and name in rows}
        dropped = {("drop", name): cleaner.out_of_range(rows[name]) for name, cleaner in ranged.items()}
        left = _none_of(dropped, len(rows))
        if not (self.contradictions or self.duplicates):
            return dropped
        inputs, whole = self._ids(rows, images)
        if self.contradictions:
            dropped["contradictions", ""] = left & _contradicting(inputs, whole, left)
            left = _none_of(dropped, len(rows))
        if self.duplicates:
            dropped["duplicates", ""] = left & (first_alike(whole, left) != np.arange(len(rows)))
        return dropped

    def _ids(self, rows: pd.DataFrame, images: np.ndarray | None) -> tuple[np.ndarray, np.ndarray]:
        """Number rows by their features, and by features and target (int64, N each)."""
        table = rows[[name for name in self.features if name in rows]]
        if images is not None:
            table = table.assign(**{"(pixels)": image_ids(images)})
        if table.columns.empty and self.target not in self.texts:
            raise DataError("cleaning drops rows that are alike, but no feature tells rows apart")
        inputs = row_ids(table, self.texts)
        if self.target not in rows:
            return inputs, inputs
        return inputs, row_ids(pd.DataFrame({"(inputs)": inputs, self.target: rows[self.target].array}), self.texts)


def fit_cleaning(
    rows: pd.DataFrame,
    train: np.ndarray,
    schema: SchemaConfig,
    config: CleaningConfig,
    images: np.ndarray | None = None,
) -> Cleaning:
    """Fit on the values of the rows that the mask `train` (bool, N) marks and cleaning keeps, and of no other.

    Raises ConfigError for a column that the schema does not have or a step that does not fit its type.
    """
    check_cleaning(schema, config)
    flags = (config.duplicates == "drop", config.contradictions == "drop")
    texts = tuple(name for name, column in schema.columns.items() if column.type == "text")

    def cleaning(mask: np.ndarray) -> Cleaning:
        columns = {
            name: fit_column(rows.loc[mask, name], schema.columns[name], steps)
            for name, steps in config.columns.items()
            if name in rows
        }
        return Cleaning(columns, schema.features(), schema.target, texts, *flags)

    return cleaning(train & cleaning(train).kept(rows, images))


def load_cleaning(state: dict[str, Any]) -> Cleaning:
    """Give the cleaning back from its state."""
    columns = {c["name"]: ColumnCleaner.load(c) for c in state["columns"]}
    others: dict[str, Any] = {
        key: tuple(v) if isinstance(v, list) else v for key, v in state.items() if key != "columns"
    }
    return Cleaning(columns, **others)


def _none_of(dropped: dict[tuple[str, str], np.ndarray], rows: int) -> np.ndarray:
    return np.asarray(~np.logical_or.reduce([np.zeros(rows, dtype=bool), *dropped.values()]))


def _contradicting(inputs: np.ndarray, whole: np.ndarray, among: np.ndarray) -> np.ndarray:
    """Tell which rows share their features with a row of another target (bool, N)."""
    pairs = pd.DataFrame({"inputs": inputs[among], "whole": whole[among]}).drop_duplicates()["inputs"]
    return np.isin(inputs, pairs[pairs.duplicated(keep=False)].to_numpy())
