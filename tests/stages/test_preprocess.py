"""Stage `preprocess`: what becomes of rows that cleaning drops, and of splits without a window."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from remint import paths
from remint.data.prepared import Prepared
from remint.data.raw import RawData, write_raw
from remint.errors import DataError
from remint.stages import preprocess

COLUMNS = {"time": {"type": "text", "role": "key"}, "site": {"type": "integer"}, "temp": {"type": "float"}}
LENGTH = {"history": 3, "horizon": 2}


@pytest.fixture(autouse=True)
def _in_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def weather(hours: int = 60, **changes: Any) -> None:
    """Prepare the hours of one site, `temp` being the number of the hour, -9999 in hours 20 and 52."""
    temp = np.arange(hours, dtype=np.float64)
    temp[[20, 52]] = -9999
    times = pd.date_range("2024-01-01", periods=hours, freq="1h").astype(str)
    write_raw(paths.raw("weather"), RawData(pd.DataFrame({"time": times, "site": 1, "temp": temp})))
    section = {
        "modality": "series",
        "schema": {"target": "temp", "columns": COLUMNS},
        "split": {"kind": "time", "column": "time", "val": 0.2, "test": 0.2},
        "cleaning": {"columns": {"temp": {"drop": {"min": -60}}}},
        "preprocessing": {"time": "time", "group": "site", **LENGTH},
    }
    preprocess.run("weather", preprocess.Section.model_validate({**section, **changes}))


def test_a_dropped_value_is_in_no_window() -> None:
    weather()
    prepared = Prepared(paths.prepared("weather"))
    train, test = prepared.split("train"), prepared.split("test")
    outputs = prepared.spec.outputs
    temp = train["series"][:, 0] * outputs.std + outputs.mean
    np.testing.assert_allclose(temp[[19, 20, 21]], [19, 19, 21], atol=1e-4)
    assert min(train["target"].min(), test["target"].min()) >= 0


def test_steps_to_forecast_are_all_measured() -> None:
    weather()
    prepared = Prepared(paths.prepared("weather"))
    rows = prepared.rows("test")["row"].tolist()
    assert rows == [48, 49, *range(53, 58)]  # 50 and 51 would forecast the dropped hour 52, which ends no window
    assert prepared.split("test")["target"].tolist() == [[row + 1, row + 2] for row in rows]
    assert prepared.rows("test")["temp"].tolist() == rows


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        (
            {"preprocessing": {"time": "time", "history": 3, "horizon": 14}, "split": {"val": 0.3}},
            "datasets.yaml: datasets.weather: rows of split test: 12, of which none can be used; "
            "allowed: at least one; "
            "a shorter preprocessing.history or preprocessing.horizon, or a larger split, would help",
        ),
        (
            {"cleaning": {"columns": {"temp": {"drop": {"min": 0, "max": 40}}}}},
            "datasets.yaml: datasets.weather: rows of split test: 12, of which none can be used; "
            "allowed: at least one; "
            "less cleaning, or a larger split, would help",
        ),
        (
            {"cleaning": {"columns": {"temp": {"drop": {"min": 40}}}}},
            "datasets.yaml: datasets.weather: rows of split train: 36, of which none can be used; "
            "allowed: at least one; "
            "less cleaning, or a larger split, would help",
        ),
    ],
)
def test_a_split_without_a_window_is_refused(changes: dict[str, Any], expected: str) -> None:
    split = {"kind": "time", "column": "time", "val": 0.2, "test": 0.2, **changes.pop("split", {})}
    with pytest.raises(DataError) as raised:
        weather(split=split, **changes)
    assert str(raised.value).startswith(expected)
    assert not paths.prepared("weather").exists()


def test_an_empty_split_of_a_table_is_refused() -> None:
    rows = pd.DataFrame({"x": np.arange(6.0), "y": list("ababab"), "part": ["train"] * 4 + ["val"] * 2})
    write_raw(paths.raw("table"), RawData(rows))
    section = {
        "modality": "tabular",
        "schema": {"target": "y", "columns": {"x": {"type": "float"}, "y": {"type": "category"}}},
        "split": {"kind": "column", "column": "part"},
        "cleaning": {},
        "preprocessing": {},
    }
    with pytest.raises(DataError) as raised:
        preprocess.run("table", preprocess.Section.model_validate(section))
    assert str(raised.value) == (
        "datasets.yaml: datasets.table: rows of split test: 0, of which none can be used; allowed: at least one; "
        "less cleaning, or a larger split, would help"
    )
