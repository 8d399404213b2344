"""Rows of a prepared split as batches: gathered by index in one call, whatever the modality keeps on disk."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from remint.config.specs import PADDING, DataSpec, SeriesSpec, TextSpec, TokensSpec

Batch = dict[str, Tensor]
"Tensors of B rows, as config/specs.py tells, with `target` where there is one."


class Rows:
    """Arrays whose first axis is the row: tables and images."""

    evaluation_batch = 256
    "Rows a batch where nothing is learned; it bounds memory and does not change the result beyond rounding."

    def __init__(self, arrays: Mapping[str, np.ndarray]) -> None:
        self._arrays = {name: torch.from_numpy(array) for name, array in arrays.items()}

    def __len__(self) -> int:
        return len(next(iter(self._arrays.values())))

    @property
    def lengths(self) -> np.ndarray | None:
        """Length of each row (int64, N) where rows differ: batches of like lengths need less padding."""
        return None

    @property
    def owners(self) -> np.ndarray | None:
        """Number of the raw row that each row is a piece of (int64, N, rising); None where rows are whole."""
        return None

    def batch(self, rows: Tensor) -> Batch:
        """Gather the rows of a batch (int64, B)."""
        return {name: array[rows] for name, array in self._arrays.items()}


class TextRows(Rows):
    """Token ids of ragged length, filled up to the longest of the batch."""

    def __init__(self, arrays: Mapping[str, np.ndarray]) -> None:
        self._tokens = torch.from_numpy(arrays["tokens"])
        self._starts = torch.from_numpy(arrays["offsets"][:-1])
        self._lengths = torch.from_numpy(np.diff(arrays["offsets"]))
        super().__init__({name: arrays[name] for name in ("target",) if name in arrays})

    def __len__(self) -> int:
        return len(self._starts)

    @property
    def lengths(self) -> np.ndarray | None:
        """Number of tokens of each text."""
        return self._lengths.numpy()

    def batch(self, rows: Tensor) -> Batch:
        """Give `tokens` (int64, B×L) and what else belongs to the rows."""
        return {"tokens": self._padded(self._starts[rows], self._lengths[rows]), **super().batch(rows)}

    def _padded(self, starts: Tensor, lengths: Tensor) -> Tensor:
        steps = torch.arange(int(lengths.max()) if len(lengths) else 0)
        places = (starts[:, None] + steps).clamp_(max=max(len(self._tokens) - 1, 0))
        return self._tokens[places].long().masked_fill_(steps >= lengths[:, None], PADDING)


class LanguageRows(TextRows):
    """Pieces of texts, each with the tokens that follow; together they predict every token but the first once."""

    evaluation_batch = 32

    def __init__(self, arrays: Mapping[str, np.ndarray], length: int) -> None:
        super().__init__({"tokens": arrays["tokens"], "offsets": arrays["offsets"]})
        targets = self._lengths.numpy() - 1
        pieces = -(-targets // length)
        self._owners = np.repeat(np.arange(len(pieces)), pieces)
        within = np.arange(len(self._owners)) - np.repeat(pieces.cumsum() - pieces, pieces)
        self._starts = torch.from_numpy(self._starts.numpy()[self._owners] + within * length)
        self._lengths = torch.from_numpy(np.minimum(targets[self._owners] - within * length, length))

    @property
    def owners(self) -> np.ndarray | None:
        """Number of the text that each piece belongs to."""
        return self._owners

    def batch(self, rows: Tensor) -> Batch:
        """Give `tokens` and `target`, both int64, B×L."""
        starts, lengths = self._starts[rows], self._lengths[rows]
        return {"tokens": self._padded(starts, lengths), "target": self._padded(starts + 1, lengths)}


class SeriesRows(Rows):
    """Windows of a series."""

    def __init__(self, arrays: Mapping[str, np.ndarray], history: int) -> None:
        self._series, self._steps = torch.from_numpy(arrays["series"]), torch.arange(history)
        super().__init__({name: array for name, array in arrays.items() if name != "series"})

    def batch(self, rows: Tensor) -> Batch:
        """Give `history` (float32, B×history×F) and what else belongs to the rows."""
        found = super().batch(rows)
        return {"history": self._series[found.pop("starts")[:, None] + self._steps], **found}


def rows_of(arrays: Mapping[str, np.ndarray], spec: DataSpec) -> Rows:
    """Give the rows of a split's arrays, or of a served input's, which hold no target."""
    if isinstance(spec.outputs, TokensSpec) and isinstance(spec.inputs, TextSpec):
        return LanguageRows(arrays, spec.inputs.length)
    if isinstance(spec.inputs, TextSpec):
        return TextRows(arrays)
    if isinstance(spec.inputs, SeriesSpec):
        return SeriesRows(arrays, spec.inputs.history)
    return Rows(arrays)


def evaluation_batches(rows: Rows) -> tuple[np.ndarray, Sequence[Tensor]]:
    """Give the order in which rows are evaluated (int64, N), the short ones first, and its cuts into batches."""
    order = np.arange(len(rows)) if rows.lengths is None else np.argsort(rows.lengths, kind="stable")
    return order, cut(order, rows.evaluation_batch)


def cut(order: np.ndarray, size: int) -> Sequence[Tensor]:
    """Cut row numbers (int64, N) into batches."""
    batches: Sequence[Tensor] = torch.split(torch.from_numpy(order), size)
    return batches


def concatenated(parts: list[dict[str, Any]], order: np.ndarray, owners: np.ndarray | None) -> dict[str, np.ndarray]:
    """Join arrays of batches, whose rows stand in `order`, in the order of the rows; sum those of one owner."""
    joined = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    place = np.empty_like(order)
    place[order] = np.arange(len(order))
    joined = {name: array[place] for name, array in joined.items()}
    if owners is None:
        return joined
    starts = np.flatnonzero(np.diff(owners, prepend=-1))
    return {name: np.add.reduceat(array, starts) for name, array in joined.items()}
