"""The prepared dataset on disk: what `preprocess` writes; `baseline`, `train` and `evaluate` read."""

import json
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from remint.config.specs import DataSpec, ImageSpec, SeriesSpec, TabularSpec
from remint.errors import DataError
from remint.files import read_json

if TYPE_CHECKING:
    from scipy.sparse import csr_array

WIDE = 2000
"Columns from which on the matrix of a table is sparse: a one-hot code of thousands of values is nearly all zeros."
_DTYPES = {"F32": np.float32, "F64": np.float64, "I64": np.int64, "I32": np.int32, "U8": np.uint8}


class Prepared:
    """A prepared dataset. Nothing is read before it is asked for."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @cached_property
    def spec(self) -> DataSpec:
        """What the arrays hold."""
        return DataSpec.model_validate(read_json(self._file("spec.json")))

    def split(self, name: str) -> dict[str, np.ndarray]:
        """Give the arrays of `train`, `val` or `test`, the target among them, mapped from the file: none is copied.

        Raises DataError where there is no such split.
        """
        return map_arrays(self._file(f"{name}.safetensors"))

    def rows(self, split: str) -> pd.DataFrame:
        """Give the raw rows of a split in the arrays' order; column `row` is the raw row number."""
        only = [("split", "==", split)]
        return pd.read_parquet(self._file("rows.parquet"), engine="pyarrow", filters=only).reset_index(drop=True)

    def matrix(self, split: str) -> "np.ndarray | csr_array":
        """Give a split's inputs as one matrix (float32, N×D), for scikit-learn.

        Tables: the numeric columns, then a column a category value, all zero for an unseen value; sparse where D is
        `WIDE` or more. Images: pixels/255. Series: the history of the column to forecast, then the last value of each
        other column. Texts have none: see `texts`.
        """
        arrays, inputs = self.split(split), self.spec.inputs
        if isinstance(inputs, ImageSpec):
            return arrays["image"].reshape(len(arrays["image"]), -1).astype(np.float32) / np.float32(255)
        if isinstance(inputs, SeriesSpec):
            return _lags(arrays["series"], arrays["starts"], inputs.history)
        assert isinstance(inputs, TabularSpec)
        return _table(arrays["numeric"], arrays["codes"], inputs)

    def texts(self, split: str) -> list[str]:
        """Give the raw texts of a split in the arrays' order."""
        column = self.rows(split)[read_json(self._file("preprocessor.json"))["column"]]
        return ["" if text is None or text != text else str(text) for text in column.tolist()]

    def _file(self, name: str) -> Path:
        path = self.folder / name
        if not path.is_file():
            raise DataError(f"{path} is missing; run `remint stage preprocess {self.folder.name}`")
        return path


def map_arrays(path: Path) -> dict[str, np.ndarray]:
    """Map a safetensors file into memory: its arrays by name. A write into one stays in this process's memory.

    The format: a little-endian uint64 n, n bytes of JSON, the data (https://github.com/huggingface/safetensors).
    """
    content = np.memmap(path, dtype=np.uint8, mode="c")
    size = int(content[:8].view("<u8")[0])
    header = json.loads(content[8 : 8 + size].tobytes())
    data = content[8 + size :]
    return {
        name: data[slice(*entry["data_offsets"])].view(_DTYPES[entry["dtype"]]).reshape(entry["shape"])
        for name, entry in sorted(header.items())
        if name != "__metadata__"
    }


def _table(numeric: np.ndarray, codes: np.ndarray, spec: TabularSpec) -> "np.ndarray | csr_array":
    if numeric.shape[1] + sum(category.codes - 1 for category in spec.categories) >= WIDE:
        return _sparse_table(numeric, codes, spec)
    blocks = [np.asarray(numeric)]
    for column, category in enumerate(spec.categories):
        blocks.append(np.eye(category.codes, dtype=np.float32)[codes[:, column]][:, 1:])
    return np.hstack(blocks)


def _sparse_table(numeric: np.ndarray, codes: np.ndarray, spec: TabularSpec) -> "csr_array":
    from scipy import sparse

    blocks: list[Any] = [sparse.csr_array(numeric)]
    for column, category in enumerate(spec.categories):
        known = np.flatnonzero(codes[:, column])
        places = (known, codes[known, column] - 1)
        ones = np.ones(len(known), dtype=np.float32)
        blocks.append(sparse.csr_array((ones, places), shape=(len(codes), category.codes - 1)))
    return sparse.hstack(blocks, format="csr", dtype=np.float32)


def _lags(series: np.ndarray, starts: np.ndarray, history: int) -> np.ndarray:
    windows = np.lib.stride_tricks.sliding_window_view(series[:, 0], history)
    return np.hstack([windows[starts], series[starts + history - 1, 1:]])
