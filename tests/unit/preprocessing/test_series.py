import json

import numpy as np
import pandas as pd
import pytest

from remint.config.dataset import SchemaConfig
from remint.config.preprocessing import SeriesPreprocessing
from remint.config.specs import NumbersSpec
from remint.data.raw import RawData
from remint.errors import ConfigError, DataError
from remint.preprocessing.base import load_preprocessor
from remint.preprocessing.series import SeriesPreprocessor, fit

SCHEMA = SchemaConfig.model_validate(
    {
        "target": "load",
        "columns": {
            "time": {"type": "text", "role": "key"},
            "site": {"type": "category", "role": "key"},
            "load": {"type": "float"},
            "heat": {"type": "float"},
        },
    }
)


def _rows(hours: int = 30, sites: str = "ab") -> pd.DataFrame:
    times = pd.date_range("2024-01-01", periods=hours, freq="1h")
    parts = [
        pd.DataFrame({"time": times, "site": s, "load": 100.0 * i + np.arange(hours), "heat": np.arange(hours) % 5.0})
        for i, s in enumerate(sites)
    ]
    return pd.concat(parts, ignore_index=True)


def _fit(rows: pd.DataFrame, train: np.ndarray | None = None, **options) -> SeriesPreprocessor:
    settings = {"time": "time", "group": "site", "history": 4, "horizon": 2, **options}
    mask = np.ones(len(rows), bool) if train is None else train
    return fit(RawData(rows), mask, SCHEMA, SeriesPreprocessing.model_validate(settings))


def _windows(preprocessor: SeriesPreprocessor, arrays: dict[str, np.ndarray]) -> np.ndarray:
    return arrays["series"][arrays["starts"][:, None] + np.arange(preprocessor.options.history)]


def test_a_window_ends_with_its_row_and_the_target_follows():
    rows = _rows()
    preprocessor = _fit(rows)
    outputs = preprocessor.outputs(RawData(rows), np.ones(len(rows), bool), SCHEMA)
    arrays = preprocessor.arrays(RawData(rows), np.array([10, 35]), SCHEMA, outputs)
    assert outputs == NumbersSpec(mean=rows["load"].mean(), std=rows["load"].std(ddof=0), size=2)
    history = _windows(preprocessor, arrays)[..., 0] * outputs.std + outputs.mean
    np.testing.assert_allclose(history, [[7, 8, 9, 10], [102, 103, 104, 105]], atol=1e-4)
    np.testing.assert_allclose(arrays["target"], [[11, 12], [106, 107]])


def test_rows_without_history_or_future_are_not_used():
    rows = _rows(hours=10, sites="ab")
    usable = _fit(rows).usable(RawData(rows), np.full(20, "train"))
    assert np.flatnonzero(usable).tolist() == [3, 4, 5, 6, 7, 13, 14, 15, 16, 17]


def test_no_target_reaches_into_another_split():
    rows = _rows(hours=12, sites="a")
    splits = np.array(["train"] * 6 + ["val"] * 3 + ["test"] * 3)
    usable = _fit(rows).usable(RawData(rows), splits)
    assert np.flatnonzero(usable).tolist() == [3, 6, 9]  # 4 and 5 would forecast hours of val, 7 and 8 those of test


def test_every_step_to_forecast_is_measured():
    rows = _rows(hours=14, sites="a").drop(index=6).reset_index(drop=True)  # row i ≥ 6 is hour i + 1
    rows.loc[9, "load"] = np.nan  # hour 10
    rows.loc[4, "heat"] = np.nan
    usable = _fit(rows).usable(RawData(rows), np.full(13, "train"))
    assert np.flatnonzero(usable).tolist() == [3, 6, 9, 10]  # hours 3, 7, 10 and 11


def test_only_train_is_fitted():
    rows = _rows(sites="a")
    train = np.arange(30) < 10
    assert _fit(rows, train).features["load"].mean == pytest.approx(4.5)


def test_gaps_are_filled_with_the_last_value():
    rows = _rows(hours=10, sites="a").drop(index=5).reset_index(drop=True)
    rows.loc[2, "heat"] = np.nan
    preprocessor = _fit(rows)
    feature = preprocessor.features["load"]
    series = preprocessor.transform(rows)["series"]
    assert len(series) == 10
    assert series[5, 0] * feature.std + feature.mean == pytest.approx(4.0)
    assert series[2, 1] == series[1, 1]


def test_order_of_rows_does_not_matter():
    rows = _rows()
    shuffled = rows.sample(frac=1, random_state=1)
    preprocessor = _fit(rows)
    first, second = preprocessor.transform(rows), preprocessor.transform(shuffled.reset_index(drop=True))
    np.testing.assert_array_equal(first["series"], second["series"])
    assert sorted(first["starts"]) == sorted(second["starts"])


def test_calendar_cycles_are_sines_and_cosines():
    rows = _rows(hours=48, sites="a")
    preprocessor = _fit(rows, calendar=["hour", "weekday"])
    assert preprocessor.spec.features == (
        "load", "heat", "hour sine", "hour cosine", "weekday sine", "weekday cosine",
    )  # fmt: skip
    series = preprocessor.transform(rows)["series"]
    np.testing.assert_allclose(series[6, 2:4], [1.0, 0.0], atol=1e-6)
    np.testing.assert_allclose(series[:24, 2:4], series[24:, 2:4], atol=1e-5)


def test_served_rows_are_those_with_their_history():
    rows = _rows(hours=6, sites="ab")
    preprocessor = load_preprocessor(json.loads(json.dumps(_fit(_rows()).state())))
    assert np.flatnonzero(preprocessor.answered(rows)).tolist() == [3, 4, 5, 9, 10, 11]
    assert len(preprocessor.transform(rows)["starts"]) == 6
    with pytest.raises(DataError, match="no row has 4 steps of 1h up to it; found: 4 rows"):
        preprocessor.transform(_rows(hours=2))
    with pytest.raises(DataError, match="there is no row; allowed: 4 steps of 1h or more"):
        preprocessor.transform(_rows().iloc[:0])


def test_what_is_no_time_is_told():
    rows = _rows().astype({"time": "str"})
    rows.loc[3, "time"] = "soon"
    with pytest.raises(DataError, match='column "time", row 3, is "soon"; allowed: a time'):
        _fit(rows)
    with pytest.raises(DataError, match='column "site" is missing'):
        _fit(_rows()).transform(_rows().drop(columns="site"))


def test_two_rows_of_one_step_are_told():
    with pytest.raises(DataError, match=r'column "time", row 30, is "2024-01-01 00:00:00", within 1h of another row'):
        _fit(_rows(), group=None).transform(_rows())
    with pytest.raises(DataError, match=r'row 1, is "2024-01-01 01:00:00", within 2h of another row; allowed: one row'):
        _fit(_rows(), step="2h").transform(_rows())


def test_a_row_of_no_series_is_told():
    rows = _rows()
    rows.loc[4, "site"] = None
    with pytest.raises(DataError, match='column "site", row 4, is missing; allowed: a value'):
        _fit(rows).transform(rows)


@pytest.mark.parametrize("step", ["soon", "0h", "-1h", "NaT"])
def test_a_step_that_is_none_is_told(step: str):
    with pytest.raises(ConfigError, match=f'preprocessing.step is "{step}"; allowed: a time as pandas writes it'):
        _fit(_rows(), step=step)


def test_moments_number_the_steps_whatever_the_series():
    rows = pd.DataFrame({"hour": ["2024-01-01 02:00", "2024-01-01 00:00", "2024-01-01 02:00"], "site": ["a", "a", "b"]})
    options = SeriesPreprocessing(time="hour", group="site")
    assert SeriesPreprocessor(options, {}).moments(rows).tolist() == [2, 0, 2]
