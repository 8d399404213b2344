"""The LightningDataModule over a prepared dataset: batches gathered by index, in an order that the seed decides."""

from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Any, TypeVar

import numpy as np
import pytorch_lightning as pl
import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset, Sampler

from remint.data.prepared import Prepared
from remint.data.rows import Batch, Rows, concatenated, cut, evaluation_batches, rows_of
from remint.seeds import derive_seed

Given = TypeVar("Given")
BUCKET = 50
"Batches that are sorted by length together, where rows differ in length: enough to save padding, and still random."
GROUP = 32
"Batches that Lightning gets at once to train on, since it costs a fixed time each time: see docs/decisions/0007."


class PreparedDataModule(pl.LightningDataModule):
    """Gives the splits of a prepared dataset in batches.

    The order of epoch e is a permutation drawn from (seed, e) alone.
    """

    def __init__(self, prepared: Prepared, batch_size: int, seed: int, workers: int = 0) -> None:
        super().__init__()
        self.train, self.val = (rows_of(prepared.split(split), prepared.spec) for split in ("train", "val"))
        self._batch_size, self._seed, self._workers = batch_size, seed, workers
        self._learned = (0, 0)

    @property
    def steps_per_epoch(self) -> int:
        """Batches of an epoch; the last one may be smaller."""
        return -(-len(self.train) // self._batch_size)

    def precompute(self, function: Callable[[Batch], Batch]) -> None:
        """Put what `function` makes of each batch in the place of both splits' inputs; targets stay."""
        self.train, self.val = precomputed(self.train, function), precomputed(self.val, function)

    def begin_at(self, epoch: int, batch: int) -> None:
        """Leave out the first `batch` batches of an epoch, from 0: a training that goes on has learned them."""
        self._learned = (epoch, batch)

    def train_dataloader(self) -> DataLoader[Iterable[Batch]]:
        """Give the train split, shuffled anew each epoch, in groups of `GROUP` batches."""
        # Lightning draws the first epoch's iterator before it tells the sampler which epoch that is.
        epoch = self.trainer.current_epoch if self.trainer else 0
        order = ShuffledBatches(len(self.train), self._batch_size, self._seed, epoch, self.train.lengths)
        return self._loader(BatchGroups(self.train, lazily=self._workers == 0), Groups(order, *self._learned))

    def val_dataloader(self) -> DataLoader[Batch]:
        """Give the validation split, in order of length where rows differ in length."""
        return self._loader(BatchDataset(self.val), OrderedBatches(self.val))

    def _loader(self, dataset: Dataset[Given], order: Sampler[Any]) -> DataLoader[Given]:
        # A generator of its own: a DataLoader draws from it, and would else draw from the global one.
        return DataLoader(
            dataset,
            sampler=order,
            batch_size=None,
            collate_fn=_as_it_is,
            num_workers=self._workers,
            persistent_workers=self._workers > 0,
            generator=torch.Generator(),
        )


class BatchDataset(Dataset[Batch]):
    """Rows to which an index is a whole batch's row numbers (int64, B)."""

    def __init__(self, rows: Rows) -> None:
        self._rows = rows

    def __len__(self) -> int:
        return len(self._rows)

    def __getitem__(self, rows: Tensor) -> Batch:
        """Gather a batch."""
        return self._rows.batch(rows)


class BatchGroups(Dataset[Iterable[Batch]]):
    """Rows to which an index is several batches' row numbers (each int64, B)."""

    def __init__(self, rows: Rows, lazily: bool) -> None:
        self._rows, self._lazily = rows, lazily

    def __len__(self) -> int:
        return len(self._rows)

    def __getitem__(self, group: list[Tensor]) -> Iterable[Batch]:
        """Give batches that are gathered one by one as they are asked for, or all at once where not `lazily`."""
        batches = map(self._rows.batch, group)
        return batches if self._lazily else list(batches)


class ShuffledBatches(Sampler[Tensor]):
    """Row numbers, a tensor a batch, in the order of the current epoch; of like lengths where these are given."""

    def __init__(
        self, rows: int, batch_size: int, seed: int, epoch: int = 0, lengths: np.ndarray | None = None
    ) -> None:
        self._rows, self._batch_size, self._seed, self.epoch, self._lengths = rows, batch_size, seed, epoch, lengths

    def set_epoch(self, epoch: int) -> None:
        """Choose the epoch, from 0; Lightning calls it."""
        self.epoch = epoch

    def __len__(self) -> int:
        return -(-self._rows // self._batch_size)

    def __iter__(self) -> Iterator[Tensor]:
        random = np.random.default_rng(derive_seed(self._seed, "shuffle", self.epoch))
        order = random.permutation(self._rows)
        if self._lengths is None:
            return iter(cut(order, self._batch_size))
        buckets = np.arange(self._rows) // (BUCKET * self._batch_size)
        batches = cut(order[np.lexsort((self._lengths[order], buckets))], self._batch_size)
        return (batches[i] for i in random.permutation(len(batches)))


class Groups(Sampler[list[Tensor]]):
    """The batches of another order, `GROUP` at a time; the last group may be smaller.

    In one epoch the batches that are learned are left out. Their groups are given all the same, without them: the
    number of groups stays that of any epoch, and so do their numbers.
    """

    def __init__(self, order: ShuffledBatches, epoch: int = 0, learned: int = 0) -> None:
        self._order, self._partial, self._learned = order, epoch, learned

    def set_epoch(self, epoch: int) -> None:
        """Choose the epoch, from 0; Lightning calls it."""
        self._order.set_epoch(epoch)

    def __len__(self) -> int:
        return -(-len(self._order) // GROUP)

    def __iter__(self) -> Iterator[list[Tensor]]:
        batches = iter(self._order)
        learned = self._learned if self._order.epoch == self._partial else 0
        for number in range(len(self)):
            yield list(islice(batches, GROUP))[max(learned - number * GROUP, 0) :]


class OrderedBatches(Sampler[Tensor]):
    """Row numbers, a tensor a batch, from 0 to N−1, or from the shortest to the longest."""

    def __init__(self, rows: Rows) -> None:
        _, self._batches = evaluation_batches(rows)

    def __len__(self) -> int:
        return len(self._batches)

    def __iter__(self) -> Iterator[Tensor]:
        return iter(self._batches)


def _as_it_is(given: Given) -> Given:
    return given


def precomputed(rows: Rows, function: Callable[[Batch], Batch]) -> Rows:
    """Give rows that hold what a function makes of each batch, and the targets."""
    order, batches = evaluation_batches(rows)
    parts = []
    for index in batches:
        batch = rows.batch(index)
        made = function(batch) | {"target": batch["target"]}
        parts.append({name: tensor.numpy() for name, tensor in made.items()})
    return Rows(concatenated(parts, order, None))
