"""One value has one text, whatever the column's dtype."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from remint.preprocessing.values import scale, texts


@pytest.mark.parametrize("dtype", ["float64", "float32", "Float64", object])
def test_floats_have_the_same_text_in_every_column(dtype: Any) -> None:
    column = pd.Series([1.0, 0.5, -0.0, None]).astype(dtype)
    assert texts(column) == ["1", "0.5", "0", ""]


def test_values_of_an_object_column() -> None:
    values = [1, 1.0, np.float32(0.1), np.float64(2), np.int64(3), "1.0", True, None, np.nan, pd.NA, np.inf]
    expected = ["1", "1", texts(pd.Series([0.1], dtype="float32"))[0], "2", "3", "1.0", "True", "", "", "", "inf"]
    assert texts(pd.Series(values, dtype=object)) == expected


@pytest.mark.parametrize(
    ("values", "expected"), [([0.1] * 1000, 1), ([0.0], 1), ([1e-20, 3e-20], 1e-20), ([1e18, 1e18 + 2e9], 1e9)]
)
def test_scale_is_the_deviation_but_for_rounding(values: list[float], expected: float) -> None:
    assert scale(float(np.mean(values)), float(np.std(values))) == pytest.approx(expected, rel=1e-6, abs=0)
