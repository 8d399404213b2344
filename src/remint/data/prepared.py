"""The prepared dataset on disk: what `preprocess` writes; `baseline`, `train` and `evaluate` read."""

import json
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd

from remint.config.specs import DataSpec, ImageSpec, TabularSpec
from remint.errors import DataError
from remint.files import read_json

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

    def dense_matrix(self, split: str) -> np.ndarray:
        """Give a split's inputs as one matrix (float32, N×D), for scikit-learn.

        Tables: the numeric columns, then a column a category value, all zero for an unseen value. Images: pixels/255.
        """
        arrays = self.split(split)
        if isinstance(self.spec.inputs, ImageSpec):
            return arrays["image"].reshape(len(arrays["image"]), -1).astype(np.float32) / np.float32(255)
        return _dense_table(arrays["numeric"], arrays["codes"], self.spec.inputs)

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


def _dense_table(numeric: np.ndarray, codes: np.ndarray, spec: TabularSpec) -> np.ndarray:
    blocks = [np.asarray(numeric)]
    for column, category in enumerate(spec.categories):
        blocks.append(np.eye(category.codes, dtype=np.float32)[codes[:, column]][:, 1:])
    return np.hstack(blocks)
