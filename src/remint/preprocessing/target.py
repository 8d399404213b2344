"""The target: class indices or numbers."""

from typing import Any

import numpy as np
import pandas as pd

from remint.config.dataset import SchemaConfig
from remint.config.specs import ClassesSpec, NumberSpec, OutputSpec
from remint.errors import DataError
from remint.preprocessing.values import scale, texts


def fit_target(column: "pd.Series[Any]", train: np.ndarray, schema: SchemaConfig) -> OutputSpec:
    """Describe the target by the rows that the mask `train` marks; declared classes keep their order."""
    if schema.target_is_number:
        values = column[train].to_numpy(dtype=np.float64)
        mean, std = float(values.mean()), float(values.std())
        return NumberSpec(mean=mean, std=scale(mean, std))
    declared = schema.columns[schema.target].values
    return ClassesSpec(classes=declared or tuple(sorted(set(texts(column[train])) - {""})))


def encode_target(column: "pd.Series[Any]", spec: OutputSpec) -> np.ndarray:
    """Give class indices (int64, N) or values (float32, N).

    Raises DataError for a missing or infinite target, or a class that train does not hold.
    """
    if isinstance(spec, NumberSpec):
        values = column.to_numpy(dtype=np.float32)
        _refuse(~np.isfinite(values), column, "a finite number")
        return values
    assert isinstance(spec, ClassesSpec)
    codes = pd.Index(spec.classes, dtype=object).get_indexer(pd.Index(texts(column), dtype=object)).astype(np.int64)
    _refuse(codes < 0, column, ", ".join(spec.classes))
    return codes


def _refuse(wrong: np.ndarray, column: "pd.Series[Any]", allowed: str) -> None:
    if wrong.any():
        row = int(wrong.argmax())
        raise DataError(f'target "{column.name}", row {column.index[row]}, is "{column.iloc[row]}"; allowed: {allowed}')
