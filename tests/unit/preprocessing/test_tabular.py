"""Tables are fitted on the train rows in use, and a value that no network can take is named by its row."""

import json
from typing import Any

import numpy as np
import pandas as pd
import pytest

from remint.config.dataset import SchemaConfig
from remint.config.preprocessing import TabularPreprocessing
from remint.config.specs import NumberSpec
from remint.data.raw import RawData
from remint.errors import DataError
from remint.preprocessing.base import load_preprocessor
from remint.preprocessing.tabular import NumericColumn, TabularPreprocessor, fit

SCHEMA = SchemaConfig.model_validate(
    {
        "target": "price",
        "columns": {"area": {"type": "float"}, "kind": {"type": "category"}, "price": {"type": "float"}},
    }
)


def _rows(**columns: Any) -> pd.DataFrame:
    rows = {"area": [1.0, 2.0, 6.0, np.nan], "kind": [1.0, 2.0, np.nan, 1.0], "price": [0.0, 1.0, 2.0, 3.0]}
    return pd.DataFrame(rows | columns)


def _fit(rows: pd.DataFrame, train: Any = None, **options: Any) -> TabularPreprocessor:
    mask = np.ones(len(rows), dtype=bool) if train is None else np.asarray(train)
    return fit(RawData(rows), mask, SCHEMA, TabularPreprocessing.model_validate(options))


def _areas(*values: Any) -> pd.DataFrame:
    """Give rows to serve, numbered from 7."""
    return pd.DataFrame({"area": list(values), "kind": 1.0}, index=range(7, 7 + len(values)))


def test_numbers_are_standardised_and_categories_numbered() -> None:
    arrays = _fit(_rows()).transform(_rows())
    values = np.array([1, 2, 6, 2])
    np.testing.assert_allclose(arrays["numeric"][:, 0], (values - values.mean()) / values.std(), rtol=1e-6)
    assert arrays["codes"].ravel().tolist() == [1, 2, 0, 1]


def test_only_train_is_fitted() -> None:
    train = [True, True, True, False]
    fitted = _fit(_rows(area=[1.0, 2.0, np.nan, 1e6], kind=["b", "a", "b", "c"]), train)
    assert fitted.numeric == {"area": NumericColumn(log=False, fill=1.5, mean=1.5, std=pytest.approx(6**-0.5))}
    assert fitted.categories == {"kind": ("a", "b")}


@pytest.mark.parametrize("value", [0.0, 0.1, -1e9 / 3])
def test_constant_column_is_not_scaled(value: float) -> None:
    rows = pd.concat([_rows()] * 250, ignore_index=True).assign(area=value)
    fitted = _fit(rows)
    assert fitted.transform(_areas(value + 1))["numeric"][0, 0] == pytest.approx(1)


def test_state_comes_back_the_same() -> None:
    fitted = _fit(_rows(), log=["area", "price"])
    assert load_preprocessor(json.loads(json.dumps(fitted.state()))) == fitted


def test_logarithm_is_taken_of_rows_in_use_alone() -> None:
    raw, used = RawData(_rows(price=[-5.0, 1.0, 2.0, 3.0], area=[-7.0, 1, 2, 3])), np.arange(4) > 0
    fitted = _fit(raw.rows, used, log=["area", "price"])
    outputs, logs = fitted.outputs(raw, used, SCHEMA), np.log1p([1, 2, 3])
    assert outputs == NumberSpec(mean=logs.mean(), std=logs.std())
    arrays = fitted.arrays(raw, np.array([3, 1]), SCHEMA, outputs)
    np.testing.assert_allclose(arrays["target"], logs[[2, 0]], rtol=1e-6)
    with pytest.raises(DataError, match=r'column "price", row 0, is "-5\.0"; allowed: a number above -1'):
        _fit(raw.rows, used, log=["price"]).arrays(raw, np.array([3, 0]), SCHEMA, outputs)


@pytest.mark.parametrize(("value", "log"), [(np.inf, []), ("inf", []), (1e300, []), (np.inf, ["area"])])
def test_number_that_is_not_finite_is_told(value: Any, log: list[str]) -> None:
    with pytest.raises(DataError, match=r'column "area", row 9, is "(inf|1e\+300)"; allowed: a finite number'):
        _fit(_rows(), log=log).transform(_areas(1.0, None, value))


def test_infinity_in_train_is_told() -> None:
    with pytest.raises(DataError, match='column "area", row 3, is "-inf"; allowed: a finite number'):
        _fit(_rows(area=[0, 1, np.nan, -np.inf]), [False, True, True, True])


def test_missing_numbers_stay_allowed() -> None:
    fitted = _fit(_rows())
    assert (fitted.transform(_areas(None, np.nan, 2.0))["numeric"] == fitted.transform(_areas(2.0))["numeric"]).all()


def test_text_in_place_of_a_number_is_named_by_its_row() -> None:
    with pytest.raises(DataError, match='column "area", row 8, is "old"; allowed: a number'):
        _fit(_rows()).transform(_areas(None, "old"))


def test_number_too_small_for_its_logarithm_is_named_by_its_row() -> None:
    with pytest.raises(DataError, match=r'column "area", row 8, is "-1\.0"; allowed: a number above -1'):
        _fit(_rows(), log=["area"]).transform(_areas(None, -1.0))


def test_one_row_taken_out_of_a_table_has_its_codes() -> None:
    rows = _rows().assign(place="here")
    fitted = _fit(rows)
    one = rows.iloc[1].to_frame().T
    assert one["kind"].dtype == object
    assert fitted.transform(one)["codes"].tolist() == [[2]]
    np.testing.assert_array_equal(fitted.transform(one)["numeric"], fitted.transform(rows)["numeric"][1:2])
