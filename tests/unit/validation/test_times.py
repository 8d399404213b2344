"""Series: times that cannot be read or stand twice are found, gaps counted, and the past trains."""

from typing import Any

import pandas as pd

from remint.config.dataset import CleaningConfig, ExpectationsConfig, SchemaConfig, TimeSplit
from remint.data.raw import RawData
from remint.validation.page import page
from remint.validation.report import Report
from remint.validation.run import validate
from tests.unit.validation.people import failed, first

COLUMNS: dict[str, Any] = {
    "station": {"type": "category", "role": "key"},
    "time": {"type": "text", "role": "ignored"},
    "temp": {"type": "float", "missing": 0.05},
}


def hours() -> pd.DataFrame:
    """Make 50 hours of two stations, as text; station B lacks two of them."""
    times = pd.date_range("2013-01-01T06:00:00Z", periods=50, freq="h").strftime("%Y-%m-%dT%H:%M:%SZ")
    rows = pd.concat([pd.DataFrame({"station": s, "time": times, "temp": range(50)}) for s in "AB"])
    return rows.assign(temp=rows["temp"] * 1.0).reset_index(drop=True).drop([60, 61]).reset_index(drop=True)


def look(rows: pd.DataFrame, cleaning: dict[str, Any] | None = None) -> Report:
    schema, split = (
        SchemaConfig(target="temp", columns=COLUMNS),
        TimeSplit(kind="time", column="time", val=0.2, test=0.2),
    )
    cleaned = CleaningConfig.model_validate(cleaning or {})
    return validate(RawData(rows), "series", schema, split, ExpectationsConfig(), cleaned)


def test_sound_series_pass_and_their_gaps_are_counted() -> None:
    report = look(hours())
    assert report.success
    assert report.series is not None
    assert (report.series.step, report.series.gaps) == ("01:00:00", 2)
    assert [(group.group, group.rows, group.gaps, group.share) for group in report.series.groups] == [
        ("A", 50, 0, 0),
        ("B", 48, 2, 0.04),
    ]
    assert {name: split.rows for name, split in report.splits.items()} == {"train": 60, "val": 18, "test": 20}
    assert "2013-01-01 06:00:00+00:00" in page("weather", report)
    assert "no time of time stands twice in a series (rows of the same station)" in page("weather", report)


def test_time_that_is_none() -> None:
    rows = hours()
    rows.loc[7, "time"] = "gestern"
    report = look(rows)
    assert {name: first(o) for name, o in failed(report).items()} == {
        "time holds times or numbers": [(7, "gestern")],
    }
    assert 'split column "time", row 7, is "gestern"' in report.unchecked[0].reason


def test_time_that_stands_twice() -> None:
    rows = hours()
    rows.loc[7, "time"] = rows.loc[3, "time"]
    rows.loc[60, "time"] = rows.loc[0, "time"]  # of another station, where hour 0 stands in row 50
    sentence = "no time of time stands twice in a series (rows of the same station)"
    assert first(failed(look(rows))[sentence]) == [
        (7, {"first row of the same time": 3, "time": "2013-01-01T09:00:00Z"}),
        (60, {"first row of the same time": 50, "time": "2013-01-01T06:00:00Z"}),
    ]


def test_gap_in_the_target_is_tolerated_and_its_cleaning_counted() -> None:
    rows = hours()
    rows.loc[5, "temp"] = None
    report = look(rows, {"columns": {"temp": {"clip": {"max": 40}, "impute": "median"}}})
    assert report.success
    assert report.cleaning is not None
    assert [(step.sentence, step.changes, step.count) for step in report.cleaning.steps] == [
        ("temp is limited to at most 40", "values", 18),
        ("a missing temp becomes 16, the median of train", "values", 1),
    ]


def test_times_as_timestamps_or_numbers() -> None:
    assert look(hours().assign(time=lambda d: pd.to_datetime(d["time"]))).success
    seconds = look(hours().assign(time=lambda d: [t.timestamp() for t in pd.to_datetime(d["time"])]))
    assert seconds.series is not None
    assert (seconds.series.step, seconds.series.gaps) == ("3600", 2)
