"""What a report says, and that it says the same whenever it is asked."""

import json

import numpy as np
import pandas as pd
import pytest

from remint.files import json_text
from remint.validation.page import page
from remint.validation.report import Report
from tests.unit.validation.people import check, people, planted


@pytest.fixture(scope="module")
def broken() -> Report:
    """A report on a table with four things wrong."""
    rows = planted("age", {3: 130.0, 9: -1.0, 12: np.inf}).assign(shoe=1)
    rows.loc[4, "job"] = "<b>king</b>"
    return check(rows.drop(columns="member"))


def test_json_tells_each_expectation(broken: Report) -> None:
    content = json.loads(json_text(broken.content("people")))
    assert (content["dataset"], content["success"], content["rows"]) == ("people", False, 200)
    by_sentence = {e["expectation"]: e for e in content["expectations"]}
    assert by_sentence["age is between 0 and 120"] == {
        "expectation": "age is between 0 and 120",
        "allowed": "between 0 and 120",
        "declared": "schema.columns.age.min",
        "rule": "expect_column_values_to_be_between",
        "success": False,
        "checked": 200,
        "failed": 3,
        "share": 0.015,
        "first": [{"row": 3, "value": 130}, {"row": 9, "value": -1}, {"row": 12, "value": "inf"}],
    }
    assert by_sentence["member holds true or false"]["reason"] == "column member is missing"
    assert by_sentence["member holds true or false"]["success"] is None


def test_json_describes_splits_and_columns(broken: Report) -> None:
    content = broken.content("people")
    splits = content["splits"]
    assert sum(split["rows"] for split in splits.values()) == 200
    assert all(sum(split["classes"].values()) == split["rows"] for split in splits.values())
    assert content["columns"]["income"] == {
        "type": "float", "role": "feature", "missing": 0, "distinct": 200, "min": 1000, "mean": 1149.25, "max": 1298.5,
    }  # fmt: skip
    assert content["columns"]["job"]["top"] == [["baker", 67], ["smith", 66], ["weaver", 66], ["<b>king</b>", 1]]
    assert content["columns"]["rich"]["role"] == "target"


def test_message_lists_what_failed(broken: Report) -> None:
    lines = broken.message("people", "data/report.html").splitlines()
    assert lines[0].startswith("people: 5 of ")
    assert '  every column is declared: found "shoe"' in lines
    assert "  age is finite: 1 of 200 rows (0.5 %) fail: row 12: inf" in lines
    assert "  age is between 0 and 120: 3 of 200 rows (1.5 %) fail: row 3: 130; row 9: -1; row 12: inf" in lines
    assert '  job is one of baker, smith, weaver: 1 of 200 rows (0.5 %) fail: row 4: "<b>king</b>"' in lines
    assert "  2 more could not be checked: column member is missing" in lines
    assert lines[-1].endswith("data/report.html")


def test_message_is_cut_to_a_readable_length() -> None:
    rows = people().assign(**dict.fromkeys(("age", "income", "job"), "x" * 10_000))
    rows = pd.concat([rows, pd.DataFrame(1, index=rows.index, columns=[f"extra{i}" for i in range(300)])], axis=1)
    message = check(rows, class_share={c: {"min": 0.9} for c in map(str, range(20))}).message("people", "p")
    assert len(message.splitlines()) <= 14
    assert max(map(len, message.splitlines())) <= 240
    assert '  every column is declared: found "extra0", "extra1", "extra2", "extra3", "extra4" and 295 more' in message
    assert "more could not be checked" not in message


def test_page_is_self_contained_and_escaped(broken: Report) -> None:
    html = page("people", broken)
    assert "5 of" in html
    assert "&lt;b&gt;king&lt;/b&gt;" in html
    assert "<b>king" not in html
    assert "http" not in html
    assert "<script" not in html


def test_page_of_a_sound_dataset() -> None:
    report = check(people())
    assert f"All {len(report.outcomes)} expectations hold" in page("people", report)


def test_two_runs_give_the_same_bytes(broken: Report) -> None:
    rows = planted("age", {3: 130.0, 9: -1.0, 12: np.inf}).assign(shoe=1)
    rows.loc[4, "job"] = "<b>king</b>"
    again = check(rows.drop(columns="member"))
    assert json_text(again.content("people")) == json_text(broken.content("people"))
    assert page("people", again) == page("people", broken)
