"""Format `dataframe`: a pickled pandas table, read by an unpickler that knows tables and nothing else.

A pickle names the functions that rebuild it, so that a foreign one can run anything. This one may only name those of
`_ALLOWED`: arrays, indexes, blocks, times (https://docs.python.org/3/library/pickle.html#restricting-globals).
"""

import importlib
import pickle
import re
from pathlib import Path
from typing import Any, BinaryIO

import pandas as pd

from remint.config.source import DataFrameFormat
from remint.data.raw import RawData
from remint.errors import DataError
from remint.formats.unpack import unpacked

_INDEXES = frozenset({"Index", "RangeIndex", "DatetimeIndex", "CategoricalIndex"})
_INTEGERS = frozenset({f"{sign}Int{bits}Dtype" for sign in ("", "U") for bits in (8, 16, 32, 64)})
_FLOATS = frozenset({"Float32Dtype", "Float64Dtype"})
_ARRAYS = frozenset({"BooleanArray", "DatetimeArray", "FloatingArray", "IntegerArray", "TimedeltaArray"})
_CATEGORIES = frozenset({"Categorical", "CategoricalDtype"})

_ALLOWED: dict[str, frozenset[str]] = {
    "builtins": frozenset({"bytearray", "slice"}),
    "_codecs": frozenset({"encode"}),  # how Python 2's protocol writes bytes
    "datetime": frozenset({"date", "datetime", "time", "timedelta", "timezone"}),
    "numpy": frozenset({"dtype", "ndarray"}),
    "numpy._core.multiarray": frozenset({"_reconstruct", "scalar"}),
    "numpy._core.numeric": frozenset({"_frombuffer"}),
    "pandas": frozenset({"BooleanDtype", "DataFrame", "DatetimeTZDtype", "Timedelta", "Timestamp"})
    | _INDEXES
    | _INTEGERS
    | _FLOATS
    | _CATEGORIES,
    "pandas.arrays": _ARRAYS,
    "pandas._libs.arrays": frozenset({"__pyx_unpickle_NDArrayBacked"}),
    "pandas._libs.internals": frozenset({"_unpickle_block"}),
    "pandas._libs.tslibs.nattype": frozenset({"_nat_unpickle"}),
    "pandas._libs.tslibs.timedeltas": frozenset({"_timedelta_unpickle"}),
    "pandas._libs.tslibs.timestamps": frozenset({"_unpickle_timestamp"}),
    "pandas.core.indexes.base": frozenset({"_new_Index"}),
    "pandas.core.indexes.datetimes": frozenset({"_new_DatetimeIndex"}),
    "pandas.core.internals.managers": frozenset({"BlockManager"}),
}
"Module to what a pickle may name of it: what builds a table's columns and index."

_MOVED = {
    r"__builtin__\.": "builtins.",
    r"numpy\.core\.": "numpy._core.",
    r"pandas\.core\.frame\.": "pandas.",
    r"pandas\.core\.indexes\.\w+\.(?=[A-Z])": "pandas.",
    r"pandas\.core\.arrays\.\w+\.(?=\w+Array$)": "pandas.arrays.",
    r"pandas\.core\.(?:arrays|dtypes)\.\w+\.(?=[A-Z])": "pandas.",
    r"pandas\._libs\.tslibs\.\w+\.(?=Timestamp$|Timedelta$)": "pandas.",
    r"pandas\.core\.internals\.blocks\.new_block$": "pandas._libs.internals._unpickle_block",
    r"pandas\.Int64Index$|pandas\.Float64Index$": "pandas.Index",
}
"What older versions of Python, numpy and pandas called it."


class _ForbiddenError(Exception):
    """The pickle names what is no part of a table."""


class _Unpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        full = f"{module}.{name}"
        for old, new in _MOVED.items():
            full = re.sub(f"^(?:{old})", new, full)
        place, _, found = full.rpartition(".")
        if found not in _ALLOWED.get(place, ()):
            raise _ForbiddenError(f"{module}.{name}")
        return getattr(importlib.import_module(place), found)


def read_file(name: str, path: Path, _form: DataFrameFormat) -> RawData:
    """Read one file, plain or compressed; categories become their texts, a named index the first column.

    Raises DataError for a pickle that holds anything but a table; what it names beyond tables is not run.
    """
    with unpacked(name, path) as stream:
        table = _unpickled(name, stream)
    if not isinstance(table, pd.DataFrame):
        raise DataError(f"{name} holds a {type(table).__name__}; allowed: a pandas DataFrame")
    if not all(isinstance(column, str) for column in table.columns) or not table.columns.is_unique:
        raise DataError(f"{name}: the columns are {list(table.columns)}; allowed: texts, each once")
    table = table.reset_index(drop=table.index.name is None)
    return RawData(pd.DataFrame({column: _plain(table[column]) for column in table.columns}))


def _unpickled(name: str, stream: BinaryIO) -> Any:
    try:
        return _Unpickler(stream).load()
    except _ForbiddenError as error:
        raise DataError(f"{name} is a pickle that names {error}{_refused(str(error))}") from None
    except EOFError as error:
        raise DataError(f"{name} is no pickled table, or a damaged one: {error}") from error
    except (pickle.UnpicklingError, AttributeError, ImportError, IndexError, KeyError, TypeError, ValueError) as error:
        raise DataError(f"{name} is no pickled table, or a damaged one: {type(error).__name__} {error}") from error


def _refused(named: str) -> str:
    if named.startswith("pyarrow.") or "ArrowStringArray" in named:
        return ", as pandas 3 pickles texts; allowed: a table pickled by pandas 1 or 2, or saved as text"
    return ", which is no part of a table; refused"


def _plain(column: "pd.Series[Any]") -> "pd.Series[Any]":
    """Give texts pandas' own type, as other formats do, whatever version pickled them."""
    values = column.astype(object) if isinstance(column.dtype, pd.CategoricalDtype) else column
    return values.astype("str") if pd.api.types.infer_dtype(values, skipna=True) == "string" else values
