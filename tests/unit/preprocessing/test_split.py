import numpy as np
import pandas as pd
import pytest

from remint.config.dataset import ColumnSplit, HashSplit, TimeSplit
from remint.data.raw import RawData
from remint.errors import DataError
from remint.preprocessing.split import assign_splits

RANDOM = np.random.default_rng(1)


def splits(values: object, val: float = 0.1, test: float = 0.2) -> np.ndarray:
    raw = RawData(pd.DataFrame({"at": values}))
    return assign_splits(raw, TimeSplit(kind="time", column="at", val=val, test=test))


@pytest.mark.parametrize(
    "make", [list, lambda n: [float(x) for x in n], lambda n: pd.to_datetime(n, unit="h", utc=True)]
)
def test_the_last_rows_by_time_are_the_test_split_and_those_before_them_validation(make: object) -> None:
    order = RANDOM.permutation(100)
    found = splits(make(order.tolist()))
    assert [found[order == n][0] for n in (0, 69, 70, 79, 80, 99)] == ["train", "train", "val", "val", "test", "test"]
    assert pd.Series(found).value_counts().to_dict() == {"train": 70, "test": 20, "val": 10}


def test_times_may_be_texts() -> None:
    texts = [f"2013-{month:02}-01T05:00:00Z" for month in range(1, 11)]
    assert splits(texts).tolist() == ["train"] * 7 + ["val"] + ["test"] * 2


def test_rows_of_one_time_stand_together() -> None:
    found = pd.DataFrame({"at": RANDOM.integers(0, 30, 1000)})
    found["split"] = splits(found["at"].tolist())
    assert (found.groupby("at")["split"].nunique() == 1).all()
    assert found.groupby("split")["at"].agg(["min", "max"]).loc[
        ["train", "val", "test"]
    ].to_numpy().ravel().tolist() == (
        sorted(found.groupby("split")["at"].agg(["min", "max"]).to_numpy().ravel().tolist())
    )
    shares = found["split"].value_counts(normalize=True)
    assert shares["test"] == pytest.approx(0.2, abs=0.05)


def test_what_is_no_time_is_named_by_its_row() -> None:
    with pytest.raises(DataError, match='split column "at", row 1, is "soon"; allowed: a time or a number'):
        splits(["2013-01-01", "soon"])
    with pytest.raises(DataError, match='split column "at", row 2, is '):
        splits([1.0, 2.0, np.nan])


def test_a_column_that_does_not_exist_is_told() -> None:
    with pytest.raises(DataError, match='split names column "at"; allowed: when'):
        assign_splits(RawData(pd.DataFrame({"when": [1]})), TimeSplit(kind="time", column="at"))


def test_shares_that_leave_nothing_for_train_are_refused() -> None:
    with pytest.raises(ValueError, match="leave nothing for train"):
        TimeSplit(kind="time", column="at", val=0.5, test=0.5)


@pytest.mark.parametrize("key", [(), ("id",)])
def test_rows_that_come_later_move_no_other_row(key: tuple[str, ...]) -> None:
    rows = pd.DataFrame({"id": np.arange(300), "text": RANDOM.integers(0, 9, 300).astype(str)})
    declared = HashSplit(kind="hash", key=key)
    before = assign_splits(RawData(rows.iloc[:200]), declared)
    assert set(before) == {"train", "val", "test"}
    assert assign_splits(RawData(rows), declared)[:200].tolist() == before.tolist()
    assert assign_splits(RawData(rows.iloc[::-1]), declared)[100:].tolist() == before[::-1].tolist()


def test_validation_is_cut_from_train_rows_alone() -> None:
    official = np.array(["train", "test"])[np.arange(400) % 2]
    rows = pd.DataFrame({"id": np.arange(400), "part": official})
    found = assign_splits(RawData(rows), ColumnSplit(kind="column", column="part", key=("id",), val=0.3))
    assert (found[official == "test"] == "test").all()
    assert set(found[official == "train"]) == {"train", "val"}
    assert (found == "val").sum() == pytest.approx(0.3 * 200, abs=20)


def test_validation_rows_of_the_dataset_stay() -> None:
    official = ["train"] * 50 + ["val"] + ["test"]
    rows = pd.DataFrame({"id": np.arange(52), "part": official})
    assert assign_splits(RawData(rows), ColumnSplit(kind="column", column="part", key=("id",))).tolist() == official
