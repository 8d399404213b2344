"""Cleaning is told and counted in the report: fitted on train, in words, as JSON and on the page."""

from typing import Any

import numpy as np
import pandas as pd

from remint.config.dataset import CleaningConfig, ExpectationsConfig
from remint.data.raw import RawData
from remint.validation.page import page
from remint.validation.report import Report
from remint.validation.run import validate
from tests.unit.validation.people import EXPECTATIONS, SPLIT, failed, people, planted, schema


def look(rows: pd.DataFrame, cleaning: dict[str, Any], **changes: dict[str, Any]) -> Report:
    expectations = ExpectationsConfig.model_validate(EXPECTATIONS)
    declared = schema(**{"age": {"min": None, "max": None}, **changes})
    return validate(RawData(rows), "tabular", declared, SPLIT, expectations, CleaningConfig.model_validate(cleaning))


def test_every_step_is_told_and_counted() -> None:
    rows = planted("age", {3: 900.0, 9: -1.0, 12: np.nan})
    rows.loc[5, "job"] = None
    columns = {
        "age": {"drop": {"min": 0}, "clip": {"max": 120}, "winsorise": [0.0, 0.9], "impute": "median"},
        "job": {"impute": "most-frequent"},
    }
    report = look(rows, {"columns": columns}, age={"min": None, "max": None, "missing": 0.1}, job={"missing": 0.1})
    assert report.success
    content = report.content("people")["cleaning"]
    assert (content["rows"], content["kept"]) == (200, 199)
    sentences = {step["key"].removeprefix("cleaning.columns."): step["sentence"] for step in content["steps"]}
    assert sentences["age.drop"] == "rows are left out unless age is at least 0, or missing"
    assert sentences["age.clip"] == "age is limited to at most 120"
    assert sentences["age.winsorise"].startswith(
        "age is limited to its quantiles of 0 % and 90 % in train, between 18 "
    )
    assert sentences["job.impute"].startswith('a missing job becomes "')
    counts = {
        step["key"].removeprefix("cleaning.columns."): (step["changes"], step["count"]) for step in content["steps"]
    }
    assert counts["age.drop"] == ("rows", 1)
    assert counts["age.clip"] == counts["age.impute"] == counts["job.impute"] == ("values", 1)
    html = page("people", report)
    assert "199 of 200 rows are kept" in html
    assert "cleaning.columns.age.winsorise" in html


def test_nothing_declared_is_not_told() -> None:
    report = look(people(), {})
    assert report.cleaning is None
    assert "cleaning" not in report.content("people")
    assert "Cleaning" not in page("people", report)


def test_schema_is_held_against_rows_that_cleaning_drops_too() -> None:
    rows = planted("age", {3: 900})
    report = look(rows, {"columns": {"age": {"drop": {"max": 120}}}}, age={"min": 0, "max": 120})
    assert set(failed(report)) == {"age is between 0 and 120"}


def test_duplicates_that_cleaning_drops_are_no_failure() -> None:
    rows = pd.concat([people(), people().iloc[[5, 5, 9]].assign(id=[5000, 5001, 5002])], ignore_index=True)
    cleaning = {"duplicates": "drop"}
    declared = {"id": {"unique": False}, "note": {"role": "ignored"}}
    expectations = ExpectationsConfig.model_validate({**EXPECTATIONS, "unique_together": []})
    raw = RawData(pd.concat([rows, rows.iloc[[0]]], ignore_index=True))
    dirty = validate(raw, "tabular", schema(**declared), SPLIT, expectations)
    assert "no row repeats an earlier one" in failed(dirty)
    clean = validate(raw, "tabular", schema(**declared), SPLIT, expectations, CleaningConfig.model_validate(cleaning))
    assert clean.success
    assert sum(split.rows for split in clean.splits.values()) == 200


def test_images_alike_are_counted() -> None:
    from tests.unit.validation.test_images import SCHEMA, pictures

    rows, images = pictures()
    images[41] = images[3]
    config = CleaningConfig(duplicates="drop")
    expectations = ExpectationsConfig.model_validate({"images": {}})
    report = validate(RawData(rows, images), "image", SCHEMA, SPLIT, expectations, config)
    assert report.success
    assert report.cleaning is not None
    assert [step.sentence for step in report.cleaning.steps] == [
        "of rows alike in all pixels and label only the first is kept"
    ]
    assert report.cleaning.kept == 59
