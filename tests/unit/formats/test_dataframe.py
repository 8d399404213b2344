import gzip
import lzma
import os
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from remint.config.source import DataFrameFormat
from remint.data.raw import read_raw, write_raw
from remint.errors import DataError
from remint.formats.read import read

pytestmark = pytest.mark.usefixtures("workdir")


def read_pickle(content: bytes) -> pd.DataFrame:
    Path("stored").write_bytes(content)
    return read({"a.pkl": Path("stored")}, DataFrameFormat(kind="dataframe")).rows


def refusal(content: bytes) -> str:
    with pytest.raises(DataError) as error:
        read_pickle(content)
    return str(error.value)


def old(columns: dict[Any, Any], protocol: int = 5, **options: Any) -> bytes:
    """A table as pandas 2 pickles it."""
    with pd.option_context("future.infer_string", False):
        return pickle.dumps(pd.DataFrame(columns, **options), protocol=protocol)


def columns() -> dict[str, Any]:
    return {
        "n": [1, 2, 3],
        "x": [0.5, np.nan, 2.0],
        "b": [True, False, True],
        "t": pd.Series(["a", None, "c"], dtype=object),
        "kind": pd.Categorical(pd.Series(["u", "v", "u"], dtype=object)),
        "when": pd.to_datetime(["2013-01-01", "2013-01-02", "2013-01-03"], utc=True),
    }


@pytest.mark.parametrize("pack", [bytes, gzip.compress, lzma.compress])
@pytest.mark.parametrize("protocol", [2, 4, 5])
def test_a_table_is_read_whatever_packed_it(pack: Callable[[bytes], bytes], protocol: int) -> None:
    rows = read_pickle(pack(old(columns(), protocol)))
    assert rows["n"].tolist() == [1, 2, 3]
    assert rows["x"].isna().tolist() == [False, True, False]
    assert rows["b"].dtype == bool
    assert (rows["t"].dtype, rows["kind"].dtype) == ("str", "str")
    assert rows["t"].isna().tolist() == [False, True, False]
    assert rows["kind"].tolist() == ["u", "v", "u"]
    assert rows["when"].tolist() == list(columns()["when"])


def test_names_of_older_versions_are_known() -> None:
    content = old(columns(), 2)
    for new, former in (
        (b"cpandas\nDataFrame\n", b"cpandas.core.frame\nDataFrame\n"),
        (b"cpandas\nIndex\n", b"cpandas.core.indexes.base\nIndex\n"),
        (b"cpandas\nRangeIndex\n", b"cpandas.core.indexes.range\nRangeIndex\n"),
        (b"cpandas\nCategorical\n", b"cpandas.core.arrays.categorical\nCategorical\n"),
        (b"cpandas\nCategoricalDtype\n", b"cpandas.core.dtypes.dtypes\nCategoricalDtype\n"),
        (b"cpandas.arrays\nDatetimeArray\n", b"cpandas.core.arrays.datetimes\nDatetimeArray\n"),
        (b"cnumpy._core.multiarray\n", b"cnumpy.core.multiarray\n"),
    ):
        assert new in content
        content = content.replace(new, former)
    assert read_pickle(content)["kind"].tolist() == ["u", "v", "u"]


def test_texts_of_pandas_3_are_refused_with_a_way_out() -> None:
    found = refusal(pickle.dumps(pd.DataFrame({"x": [1]})))
    assert found.endswith(", as pandas 3 pickles texts; allowed: a table pickled by pandas 1 or 2, or saved as text")


def test_a_table_can_be_written_as_raw_rows() -> None:
    read_pickle(old(columns()))
    write_raw(Path("raw"), read({"a": Path("stored")}, DataFrameFormat(kind="dataframe")))
    assert read_raw(Path("raw")).rows.shape == (3, 6)


def test_a_named_index_becomes_a_column_and_another_one_goes() -> None:
    named = old({"x": [1, 2, 3]}, index=pd.Index([7, 8, 9], name="id"))
    assert read_pickle(named).to_dict("list") == {"id": [7, 8, 9], "x": [1, 2, 3]}
    assert list(read_pickle(old({"x": [1, 2, 3]}, index=[2, 1, 0]))) == ["x"]


class Evil:
    def __init__(self, *call: Any) -> None:
        self.call = call

    def __reduce__(self) -> Any:
        return self.call[0], self.call[1:]


@pytest.mark.parametrize(
    ("call", "named"),
    [
        ((os.system, "touch harmed"), "posix.system"),
        ((eval, "open('harmed', 'w')"), "builtins.eval"),
        ((getattr, str, "join"), "builtins.getattr"),
        ((pd.read_pickle, "harmed"), "pandas.read_pickle"),
        ((np.load, "harmed"), "numpy.load"),
        ((pickle.loads, b""), "_pickle.loads"),
    ],
)
def test_anything_but_a_table_is_refused_and_not_run(call: tuple, named: str) -> None:
    found = refusal(old({"x": [Evil(*call)]}))
    assert found == f"a.pkl is a pickle that names {named}, which is no part of a table; refused"
    assert not Path("harmed").exists()


def test_what_is_no_table_is_told() -> None:
    assert refusal(pickle.dumps([1, 2])) == "a.pkl holds a list; allowed: a pandas DataFrame"
    assert refusal(old(columns())[:-40]).startswith("a.pkl is no pickled table, or a damaged one: ")
    assert refusal(b"no pickle").startswith("a.pkl is no pickled table, or a damaged one: ")
    assert refusal(lzma.compress(old(columns()))[:-300]).startswith("a.pkl is ")
    assert refusal(old({0: [1]})) == "a.pkl: the columns are [0]; allowed: texts, each once"
