"""A split by time: the past trains, rows of one time stand together."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from remint.config.dataset import TimeSplit
from remint.data.raw import RawData
from remint.errors import DataError
from remint.preprocessing.split import assign_splits


def split(times: Any) -> list[str]:
    declared = TimeSplit(kind="time", column="time", val=0.2, test=0.3)
    return assign_splits(RawData(pd.DataFrame({"time": times})), declared).tolist()


def test_past_trains_whatever_the_order_of_rows() -> None:
    order = np.random.default_rng(0).permutation(10)
    expected = np.array(["train"] * 5 + ["val"] * 2 + ["test"] * 3)[order].tolist()
    days = pd.date_range("2026-01-01", periods=10)[order]
    assert split(order) == split(order * 0.5) == split(days) == split(days.strftime("%Y-%m-%d")) == expected


def test_rows_of_one_time_stand_together() -> None:
    assert split([1, 1, 1, 1, 2, 2, 2, 2, 3, 3]) == ["train"] * 4 + ["train"] * 4 + ["test"] * 2


def test_time_that_is_none() -> None:
    with pytest.raises(DataError, match='split column "time", row 1, is "soon"; allowed: a time or a number'):
        split(["2026-01-01", "soon"])
