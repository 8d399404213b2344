from pathlib import Path

import numpy as np
import pytest

from remint.config.specs import DataSpec
from remint.data.prepared import Prepared
from remint.evaluation.duplicates import duplicate_findings
from tests import prepared as made


def _planted(folder: Path, make, exact: dict[int, int], near: dict[int, int]) -> Prepared:
    """Make test rows equal, or nearly equal, to train rows."""
    drawn = make(folder / "drawn")
    splits = {name: {k: v.copy() for k, v in drawn.split(name).items()} for name in ("train", "val", "test")}
    train, test = splits["train"], splits["test"]
    for rows, change in ((exact, 0), (near, 1)):
        for row, train_row in rows.items():
            for name in ("numeric", "codes", "image"):
                if name in test:
                    test[name][row] = train[name][train_row]
            if change and "numeric" in test:
                test["numeric"][row] = train["numeric"][train_row].round(2) + 0.004
                train["numeric"][train_row] = train["numeric"][train_row].round(2)
            if change and "image" in test:
                test["image"][row, 0, :4] += 2
    return made.write_prepared(folder / "planted", drawn.spec, splits)


@pytest.mark.parametrize("make", [made.table, made.images])
def test_planted_duplicates_are_found_by_their_raw_rows(tmp_path: Path, make):
    found = duplicate_findings(_planted(tmp_path, make, exact={3: 10, 4: 10}, near={7: 20}))
    assert found["test_in_train"] == {"exact": 2, "near": 1, "rows": 60, "share": 3 / 60}
    assert found["val_in_train"] == {"exact": 0, "near": 0, "rows": 60, "share": 0}
    assert found["examples"] == [
        {"split": "test", "kind": "near", "row": 267, "train_row": 20},
        {"split": "test", "kind": "exact", "row": 263, "train_row": 10},
        {"split": "test", "kind": "exact", "row": 264, "train_row": 10},
    ]


def test_a_category_that_differs_is_no_near_duplicate(tmp_path: Path):
    prepared = made.table(tmp_path / "d")
    splits = {name: {k: v.copy() for k, v in prepared.split(name).items()} for name in ("train", "val", "test")}
    splits["test"]["numeric"][5] = splits["train"]["numeric"][6]
    splits["test"]["codes"][5] = splits["train"]["codes"][6] % 3 + 1
    splits["test"]["codes"][5, 0] = splits["train"]["codes"][6, 0] % 3 + 1
    found = duplicate_findings(made.write_prepared(tmp_path / "e", prepared.spec, splits))
    assert found["test_in_train"]["share"] == 0


def test_texts_with_a_word_changed_are_near_duplicates(tmp_path: Path):
    random = np.random.default_rng(0)
    texts = {name: [random.integers(8, 24, 60) for _ in range(20)] for name in ("train", "val", "test")}
    texts["test"][2] = texts["train"][5]
    texts["val"][3] = np.append(texts["train"][6], [9])
    splits = {name: made._ragged(rows) for name, rows in texts.items()}
    spec = DataSpec(inputs=made.TEXTS, outputs=made.TOKENS)
    found = duplicate_findings(made.write_prepared(tmp_path / "d", spec, splits))
    assert (found["test_in_train"]["exact"], found["test_in_train"]["near"]) == (1, 0)
    assert (found["val_in_train"]["exact"], found["val_in_train"]["near"]) == (0, 1)
    assert found["examples"][0] == {"split": "val", "kind": "near", "row": 23, "train_row": 6}


def test_there_are_five_examples_at_most(tmp_path: Path):
    prepared = _planted(tmp_path, made.table, exact={row: row for row in range(9)}, near={})
    assert len(duplicate_findings(prepared)["examples"]) == 5


def test_windows_overlap_and_are_not_counted(tmp_path: Path):
    found = duplicate_findings(made.series(tmp_path / "d"))
    assert found["test_in_train"] == {"exact": None, "near": None, "rows": 60, "share": None}
    assert found["examples"] == []
