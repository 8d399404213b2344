"""The target is described by train rows alone; a value that cannot be learned is named by its row."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from remint.config.dataset import SchemaConfig
from remint.config.specs import ClassesSpec, NumberSpec
from remint.errors import DataError
from remint.preprocessing.target import encode_target, fit_target

TENTHS = np.full(1000, 0.1)
TRAIN = np.array([True, True, True, False])


def _schema(type_: str) -> SchemaConfig:
    return SchemaConfig.model_validate({"target": "y", "columns": {"x": {"type": "float"}, "y": {"type": type_}}})


def _target(*values: Any) -> "pd.Series[Any]":
    return pd.Series(values, name="y")


def test_only_train_is_fitted() -> None:
    number = fit_target(_target(1.0, 2.0, 3.0, 1e6), TRAIN, _schema("float"))
    assert number == NumberSpec(mean=2, std=np.std([1, 2, 3]))
    assert fit_target(_target("b", "a", "b", "c"), TRAIN, _schema("category")) == ClassesSpec(classes=("a", "b"))


def test_constant_target_is_not_scaled() -> None:
    assert fit_target(pd.Series(TENTHS), np.ones(1000, dtype=bool), _schema("float")) == NumberSpec(
        mean=TENTHS.mean(), std=1
    )


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_number_that_is_none_is_told(value: float) -> None:
    with pytest.raises(DataError, match=f'target "y", row 1, is "{value}"; allowed: a finite number'):
        encode_target(_target(1.0, value), NumberSpec(mean=0, std=1))


def test_class_that_train_does_not_hold_is_told() -> None:
    with pytest.raises(DataError, match='target "y", row 1, is "c"; allowed: a, b'):
        encode_target(_target("a", "c"), ClassesSpec(classes=("a", "b")))
