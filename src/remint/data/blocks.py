"""Digests of blocks of rows, which tell where two tables or sets of arrays differ when one of them is gone."""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from remint.data.prepared import map_arrays

MOST = 256
"Blocks of a file at most."
_SIZES = (1, 2, 5)
_SMALLEST = 100


@dataclass(frozen=True)
class Blocks:
    """The rows of a file, digested block by block; the last block may be shorter."""

    rows: int
    size: int
    "Rows a block."
    digests: tuple[str, ...]
    "sha256 of each block's content."


def file_blocks(file: Path) -> Blocks | None:
    """Digest a Parquet table or a safetensors file by its content, however it is encoded; None for another kind.

    A table's rows are hashed by pandas (`pandas.util.hash_pandas_object`). Arrays are cut along their first axis:
    those with a value a row as the rows are, flat ones of unequal rows by `offsets`, others in proportion.
    """
    if file.suffix == ".parquet":
        return table_blocks(pd.read_parquet(file, engine="pyarrow"))
    return array_blocks(map_arrays(file)) if file.suffix == ".safetensors" else None


def table_blocks(table: pd.DataFrame) -> Blocks:
    """Digest a table; its columns' names, order and types count."""
    hashed = pd.util.hash_pandas_object(table, index=False).to_numpy() if table.shape[1] else np.zeros(0, np.uint64)
    head = ",".join(f"{name}:{kind}" for name, kind in table.dtypes.items()).encode()
    size = block_size(len(hashed))
    starts = range(0, len(hashed), size)
    digests = (hashlib.sha256(head + hashed[start : start + size].tobytes()).hexdigest() for start in starts)
    return Blocks(len(hashed), size, tuple(digests))


def array_blocks(arrays: Mapping[str, np.ndarray]) -> Blocks:
    """Digest arrays that describe the same rows."""
    rows = _rows(arrays)
    size = block_size(rows)
    digests = []
    for start in range(0, rows, size):
        whole = hashlib.sha256()
        for name, piece in _slices(arrays, rows, start, min(start + size, rows)):
            whole.update(f"{name}:{piece.dtype}:{piece.shape}".encode())
            whole.update(np.ascontiguousarray(piece).data if piece.size else b"")
        digests.append(whole.hexdigest())
    return Blocks(rows, size, tuple(digests))


def block_size(rows: int) -> int:
    """Give how many rows a block has: 100, 200, 500, 1,000, … so that there are at most `MOST`."""
    power = _SMALLEST
    while True:
        for factor in _SIZES:
            if factor * power * MOST >= rows:
                return factor * power
        power *= 10


def differing_rows(first: Blocks, second: Blocks) -> str:
    """Tell which rows differ: "rows 1,200–1,299", numbers from 0; empty where none does."""
    if first.size != second.size:
        return f"{first.rows:,} rows against {second.rows:,}"
    pairs = zip(first.digests, second.digests, strict=False)
    unequal = [i for i, (own, other) in enumerate(pairs) if own != other]
    shared = min(len(first.digests), len(second.digests))
    unequal += range(shared, max(len(first.digests), len(second.digests)))
    last = max(first.rows, second.rows)
    told = [f"{a * first.size:,}–{min((b + 1) * first.size, last) - 1:,}" for a, b in _runs(unequal)]
    more = f" and {len(told) - 3} more ranges" if len(told) > 3 else ""
    return f"rows {', '.join(told[:3])}{more}" if told else ""


def _rows(arrays: Mapping[str, np.ndarray]) -> int:
    if "offsets" in arrays:
        return len(arrays["offsets"]) - 1
    for name in ("target", "starts"):
        if name in arrays:
            return len(arrays[name])
    return max((len(array) for array in arrays.values()), default=0)


def _slices(arrays: Mapping[str, np.ndarray], rows: int, start: int, end: int) -> Iterator[tuple[str, np.ndarray]]:
    """Give each array's part of the rows from `start` to `end`."""
    offsets = arrays.get("offsets")
    for name, array in sorted(arrays.items()):
        if len(array) == rows:
            yield name, array[start:end]
        elif name == "offsets":
            yield name, np.diff(array[start : end + 1])
        elif offsets is not None and len(array) == offsets[-1]:
            yield name, array[offsets[start] : offsets[end]]
        else:
            yield name, array[start * len(array) // rows : end * len(array) // rows]


def _runs(numbers: list[int]) -> list[tuple[int, int]]:
    """Give first and last of each run of consecutive numbers."""
    runs: list[tuple[int, int]] = []
    for number in numbers:
        if runs and runs[-1][1] == number - 1:
            runs[-1] = (runs[-1][0], number)
        else:
            runs.append((number, number))
    return runs
