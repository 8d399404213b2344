"""Each kind of expectation on tables, planted broken once, is found by its name with the right count and rows."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from remint.config.dataset import ColumnSplit, HashSplit, SchemaConfig
from tests.unit.validation.people import check, failed, first, people, planted, schema

BROKEN: list[tuple[str, pd.DataFrame, str, int, int, list[tuple[int | None, Any]]]] = [
    ("part of a number", planted("age", {7: 20.5}), "age holds whole numbers", 1, 200, [(7, 20.5)]),
    ("text among numbers", planted("age", {3: "old"}), "age holds whole numbers", 1, 200, [(3, "old")]),
    ("below the range", planted("age", {5: -1}), "age is between 0 and 120", 1, 200, [(5, -1)]),
    ("an open range", planted("income", {9: -0.5}), "income is at least 0", 1, 200, [(9, -0.5)]),
    ("infinity", planted("income", {4: np.inf}), "income is finite", 1, 200, [(4, "inf")]),
    ("NaN", planted("age", {8: np.nan}), "age is never missing", 1, 200, [(8, None)]),
    ("unknown category", planted("job", {2: "king"}), "job is one of baker, smith, weaver", 1, 200, [(2, "king")]),
    ("missing category", planted("job", {6: None}), "job is never missing", 1, 200, [(6, None)]),
    ("no boolean", planted("member", {1: "maybe"}), "member holds true or false", 1, 200, [(1, "maybe")]),
    ("no text", planted("note", dict.fromkeys(range(200), 1) | {0: 2}), "note holds texts", 200, 200, [(0, 2)]),
    ("no key", planted("id", {11: 1010}), "id is unique", 2, 200, [(10, 1010), (11, 1010)]),
    ("an extra column", people().assign(shoe=1), "every column is declared", 1, 8, [(None, "shoe")]),
    ("too few rows", people().iloc[:80], "the dataset has between 100 and 300 rows", 1, 1, [(None, 80)]),
]


def test_sound_table_passes() -> None:
    report = check(people())
    assert report.success
    assert report.message("people", "").startswith("people: 0 of")
    assert {outcome.failed for outcome in report.outcomes} == {0}


@pytest.mark.parametrize(
    ("rows", "sentence", "count", "checked", "shown"), [b[1:] for b in BROKEN], ids=[b[0] for b in BROKEN]
)
def test_broken_table_is_found(rows: pd.DataFrame, sentence: str, count: int, checked: int, shown: list[Any]) -> None:
    found = failed(check(rows))
    assert set(found) == {sentence}
    outcome = found[sentence]
    assert (outcome.failed, outcome.checked) == (count, checked)
    assert first(outcome)[: len(shown)] == shown
    assert len(outcome.first) == min(count, 5)


def test_missing_share_is_tolerated_up_to_the_declared_one() -> None:
    for rows, holds in ((4, True), (5, False)):
        found = failed(check(planted("income", dict.fromkeys(range(0, 10 * rows, 10), None))))
        assert ("at most 2 % of income are missing" not in found) is holds


def test_tolerated_share_is_exact_in_decimal() -> None:
    """1 − 0.58 is a little more than 0.42 in binary: 58 of 100 missing rows must pass all the same."""
    rows = planted("income", dict.fromkeys(range(58), None)).iloc[:100]
    assert check(rows, schema(income={"missing": 0.58})).success


def test_missing_target_value_is_never_tolerated() -> None:
    report = check(planted("rich", {13: None}), schema(rich={"missing": 0.5}))
    assert first(failed(report)["rich is never missing"]) == [(13, None)]


def test_missing_column_is_told_once_and_what_hangs_on_it_is_not_checked() -> None:
    report = check(people().drop(columns="age"))
    assert first(failed(report)["column age exists"])[0][1] == ["id", "income", "job", "member", "note", "rich"]
    assert len(report.failures) == 1
    assert {outcome.reason for outcome in report.unchecked} == {"column age is missing"}
    assert not report.success


def test_missing_target_column() -> None:
    report = check(people().drop(columns="rich"))
    assert set(failed(report)) == {"column rich exists"}
    assert "rich has at least 2 classes" in {outcome.expectation.sentence for outcome in report.unchecked}
    assert {name: split.classes for name, split in report.splits.items()} == dict.fromkeys(("train", "val", "test"))


def test_target_of_one_class() -> None:
    found = failed(check(people().assign(rich="no"), class_share={}))
    assert first(found["rich has at least 2 classes"]) == [(None, 1)]


def test_class_share() -> None:
    found = failed(check(people().assign(rich=np.where(np.arange(200) % 10 == 0, "yes", "no"))))
    outcome = found["class yes makes up between 20 % and 30 % of all rows"]
    assert first(outcome) == [(None, 0.1)]
    assert len(found) == 1


def test_class_that_train_does_not_hold() -> None:
    rows = people().assign(part=["train", "val", "train", "test"] * 50)
    split = ColumnSplit(kind="column", column="part")
    rows.loc[rows["part"] == "train", "rich"] = "no"
    rows.loc[1, "rich"] = "yes"
    found = failed(check(rows, schema(rich={"values": None}), split, class_share={}))
    assert first(found["every class of rich stands in train"]) == [(1, "yes")]
    assert "every class of rich stands in train" not in failed(check(rows, split=split, class_share={}))


def test_duplicates() -> None:
    rows = pd.concat([people(), people().iloc[[5, 5, 9]]], ignore_index=True)
    declared = schema(id={"unique": False})
    outcome = failed(check(rows, declared, unique_together=[]))["no row repeats an earlier one"]
    assert (outcome.failed, outcome.checked) == (3, 203)
    assert first(outcome) == [(200, {"same as row": 5}), (201, {"same as row": 5}), (202, {"same as row": 9})]
    assert check(rows, declared, unique_together=[], duplicates=0.02).success


def test_missing_values_are_alike_when_rows_are_compared() -> None:
    rows = pd.concat([planted("income", {5: None}), planted("income", {5: None}).iloc[[5]]], ignore_index=True)
    found = failed(check(rows, schema(id={"unique": False}), unique_together=[]))
    assert first(found["no row repeats an earlier one"]) == [(200, {"same as row": 5})]


def test_columns_unique_together() -> None:
    rows = people()
    rows.loc[60, "income"] = rows.loc[0, "income"]
    outcome = failed(check(rows))["age, income are unique together"]
    assert (outcome.failed, first(outcome)) == (2, [(r, {"age": 18, "income": 1000}) for r in (0, 60)])


def test_unique_together_of_a_column_that_is_not_there() -> None:
    assert set(failed(check(people(), unique_together=[["age", "shoe"]]))) == {"column shoe exists"}


def test_overlap_with_a_split_column() -> None:
    rows = people().assign(part=["train", "train", "val", "test"] * 50)
    rows.loc[3] = rows.loc[0].to_dict() | {"part": "test", "id": 1003}
    rows.loc[2] = rows.loc[1].to_dict() | {"part": "val"}
    split = ColumnSplit(kind="column", column="part")
    found = failed(check(rows, schema(id={"unique": False}), split, unique_together=[]))
    assert set(found) == {"no test row stands in train, too", "no val row stands in train, too"}
    outcome = found["no test row stands in train, too"]
    assert (outcome.failed, outcome.checked, first(outcome)) == (1, 50, [(3, {"same as train row": 0})])
    assert first(found["no val row stands in train, too"]) == [(2, {"same as train row": 1})]
    tolerant = check(rows, schema(id={"unique": False}), split, unique_together=[], split_overlap=0.02)
    assert tolerant.success


def test_overlap_of_keys() -> None:
    rows = people().assign(part=["train", "train", "val", "test"] * 50, house=np.arange(200))
    rows.loc[7, "house"] = 4
    split = ColumnSplit(kind="column", column="part", key=("house",))
    found = failed(check(rows, split=split))
    assert {name: first(o) for name, o in found.items()} == {
        "no test row has the house of a train row": [(7, {"same as train row": 4})]
    }


def test_hash_by_key_can_let_the_same_content_into_two_splits() -> None:
    rows = pd.concat([people().iloc[:100], people().iloc[:100].assign(id=lambda d: d["id"] + 5000)], ignore_index=True)
    split = HashSplit(kind="hash", key=("id",), val=0.2, test=0.2)
    found = failed(check(rows, split=split, unique_together=[]))
    assert set(found) == {"no test row stands in train, too", "no val row stands in train, too"}
    assert "no test row stands in train, too" not in failed(check(rows, unique_together=[], split_overlap=1.0))


def test_wrong_split_column() -> None:
    split = ColumnSplit(kind="column", column="part")
    report = check(people().assign(part=["train", "tset"] * 100), split=split)
    assert first(failed(report)["part is one of train, val, test"])[0] == (1, "tset")
    assert 'split column "part", row 1, is "tset"' in report.unchecked[0].reason
    assert set(failed(check(people(), split=split))) == {"column part exists"}


def test_empty_split() -> None:
    rows = people().assign(part=["train", "val"] * 100)
    found = failed(check(rows, split=ColumnSplit(kind="column", column="part")))
    assert {name: first(o) for name, o in found.items()} == {"test has rows": [(None, 0)]}


def test_empty_table() -> None:
    report = check(people().iloc[:0])
    assert first(failed(report)["the dataset has between 100 and 300 rows"]) == [(None, 0)]
    assert {outcome.reason for outcome in report.unchecked} >= {"there are no rows"}


def test_whole_floats_are_integers_and_numbers_are_categories() -> None:
    rows = people().assign(age=lambda d: d["age"].astype(float), job=np.arange(200) % 3 + 1.0)
    assert check(rows, schema(job={"values": ["1", "2", "3"]})).success
    assert check(planted("age", {0: None}), schema(age={"missing": 0.1})).success


def test_numbers_kept_as_text_are_no_numbers() -> None:
    outcome = failed(check(people().assign(age=lambda d: d["age"].astype(str))))["age holds whole numbers"]
    assert (outcome.failed, first(outcome)[0]) == (200, (0, "18"))


def test_number_as_target() -> None:
    declared = SchemaConfig(target="income", columns={**schema().columns})
    report = check(people(), declared, class_share={})
    assert report.success
    assert report.splits["train"].classes is None
    assert report.splits["train"].mean == pytest.approx(1150, rel=0.05)
