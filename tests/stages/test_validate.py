"""Stage `validate`, from files to files."""

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from remint import paths
from remint.data.raw import RawData, write_raw
from remint.errors import ConfigError, DataError
from remint.files import read_json
from remint.stages import validate as stage
from tests.unit.validation.people import COLUMNS, EXPECTATIONS, people, planted

REPORT, PAGE = (paths.report("validate", "people") / name for name in ("report.json", "report.html"))


@pytest.fixture(autouse=True)
def _in_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def section(**changes: Any) -> stage.Section:
    columns = {"target": "rich", "columns": COLUMNS}
    split = {"kind": "hash", "val": 0.2, "test": 0.2}
    declared = {"modality": "tabular", "schema": columns, "split": split, "expectations": EXPECTATIONS}
    return stage.Section.model_validate({**declared, **changes})


def write(rows: pd.DataFrame) -> None:
    write_raw(paths.raw("people"), RawData(rows))


def test_sound_data_leave_both_reports() -> None:
    write(people())
    assert stage.inputs("people", section()) == (paths.raw("people"),)
    stage.run("people", section())
    assert read_json(REPORT)["success"] is True
    assert PAGE.read_text().startswith("<!doctype html>")
    assert sorted(path.name for path in REPORT.parent.iterdir()) == ["report.html", "report.json"]


def test_broken_data_leave_both_reports_and_stop() -> None:
    write(planted("age", {3: 130, 9: -1}))
    with pytest.raises(DataError) as raised:
        stage.run("people", section())
    assert "age is between 0 and 120: 2 of 200 rows (1 %) fail: row 3: 130; row 9: -1" in str(raised.value)
    assert str(PAGE) in str(raised.value)
    assert read_json(REPORT)["success"] is False
    assert "age is between 0 and 120" in PAGE.read_text()


def test_two_runs_write_the_same_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written = []
    for place in ("one", "another/deeper"):
        (tmp_path / place).mkdir(parents=True)
        monkeypatch.chdir(tmp_path / place)
        write(people())
        stage.run("people", section())
        written.append((REPORT.read_bytes(), PAGE.read_bytes()))
    assert written[0] == written[1]
    assert str(tmp_path).encode() not in b"".join(written[0])


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"images": {}},
            'people.expectations.images is declared, but modality is "tabular"; allowed: modality "image"',
        ),
        ({"class_share": {"yess": {}}}, 'class_share names "yess"; allowed: no, yes; did you mean "yes"?'),
    ],
)
def test_expectations_that_cannot_apply(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError) as raised:
        stage.run("people", section(expectations=changes))
    assert str(raised.value).startswith("datasets.yaml: datasets.people.expectations.")
    assert message in str(raised.value)


REVIEWS: dict[str, Any] = {"text": {"type": "text"}, "title": {"type": "text"}, "rich": {"type": "category"}}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"expectations": {"texts": {}}},
            'people.expectations.texts is declared, but modality is "tabular"; allowed: modality "text"',
        ),
        (
            {"modality": "text", "schema": {"target": "rich", "columns": REVIEWS}},
            'people: modality is "text", features: text (text), title (text); allowed: one feature',
        ),
        (
            {"modality": "text", "schema": {"target": "rich", "columns": {"rich": {"type": "category"}}}},
            'people: modality is "text", features: none; allowed: one feature of type text, or a text as target',
        ),
        ({"modality": "series"}, 'people.split.kind is "hash", but modality is "series"; allowed: "time"'),
        (
            {"cleaning": {"columns": {"ages": {"impute": 0}}}},
            "people.cleaning.columns.ages is no column of the schema; allowed: id, age,",
        ),
        (
            {"cleaning": {"columns": {"rich": {"impute": "no"}}}},
            'people.cleaning.columns.rich.impute is declared, but rich is the target; allowed in modality "series"',
        ),
        (
            {
                "modality": "series",
                "split": {"kind": "time", "column": "id"},
                "cleaning": {"duplicates": "drop"},
            },
            'people.cleaning.duplicates is "drop", but steps of a series may be alike; allowed: "keep"',
        ),
    ],
)
def test_declarations_that_do_not_fit_together(changes: dict[str, Any], message: str) -> None:
    declared = {"expectations": {}, **changes}
    with pytest.raises(ConfigError) as raised:
        stage.run("people", section(**declared))
    assert str(raised.value).startswith("datasets.yaml: datasets.people")
    assert message in str(raised.value)


def test_cleaning_stands_in_both_reports() -> None:
    write(people())
    stage.run("people", section(cleaning={"columns": {"income": {"clip": {"max": 1100}}}}))
    steps = read_json(REPORT)["cleaning"]["steps"]
    assert [(step["sentence"], step["count"]) for step in steps] == [("income is limited to at most 1100", 133)]
    assert "income is limited to at most 1100" in PAGE.read_text()


def test_class_share_of_a_number() -> None:
    declared = {"target": "age", "columns": COLUMNS}
    with pytest.raises(ConfigError, match="class_share is declared, but the target is a number"):
        stage.run("people", section(schema=declared))
