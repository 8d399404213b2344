"""The LightningDataModule over a prepared dataset: batches gathered by index, in an order that the seed decides."""

from collections.abc import Iterator, Sequence

import numpy as np
import pytorch_lightning as pl
import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset, Sampler

from remint.data.prepared import Prepared
from remint.errors import DataError
from remint.seeds import derive_seed

Batch = dict[str, Tensor]
"Arrays of config/specs.py, with `target`."

EVALUATION_BATCH = 256
"Rows a batch where nothing is learned; it does not change the result beyond rounding."


class PreparedDataModule(pl.LightningDataModule):
    """Gives the splits of a prepared dataset in batches.

    The order of epoch e is a permutation drawn from (seed, e) alone. Raises DataError where train or val is empty.
    """

    def __init__(self, prepared: Prepared, batch_size: int, seed: int, workers: int = 0) -> None:
        super().__init__()
        self.train, self.val = (ArraysDataset(prepared, split) for split in ("train", "val"))
        self._batch_size, self._seed, self._workers = batch_size, seed, workers

    @property
    def steps_per_epoch(self) -> int:
        """Batches of an epoch; the last one may be smaller."""
        return -(-len(self.train) // self._batch_size)

    def train_dataloader(self) -> DataLoader[Batch]:
        """Give the train split, shuffled anew each epoch."""
        # Lightning draws the first epoch's iterator before it tells the sampler which epoch that is.
        epoch = self.trainer.current_epoch if self.trainer else 0
        return self._loader(self.train, ShuffledBatches(len(self.train), self._batch_size, self._seed, epoch))

    def val_dataloader(self) -> DataLoader[Batch]:
        """Give the validation split, in order."""
        return self._loader(self.val, OrderedBatches(len(self.val), EVALUATION_BATCH))

    def _loader(self, dataset: "ArraysDataset", order: Sampler[Tensor]) -> DataLoader[Batch]:
        # A generator of its own: a DataLoader draws from it, and would else draw from the global one.
        return DataLoader(
            dataset,
            sampler=order,
            batch_size=None,
            num_workers=self._workers,
            persistent_workers=self._workers > 0,
            generator=torch.Generator(),
        )


class ArraysDataset(Dataset[Batch]):
    """Memory-mapped arrays; an index is a whole batch's row numbers."""

    def __init__(self, prepared: Prepared, split: str) -> None:
        self._arrays = {name: torch.from_numpy(array) for name, array in prepared.split(split).items()}
        if len(self) == 0:
            raise DataError(f"{prepared.folder}: split {split} is empty; allowed: at least one row")

    def __len__(self) -> int:
        return len(self._arrays["target"])

    def __getitem__(self, rows: Tensor) -> Batch:
        """Gather the rows of a batch (int64, B)."""
        return {name: array[rows] for name, array in self._arrays.items()}


class ShuffledBatches(Sampler[Tensor]):
    """Row numbers, a tensor a batch, in the order of the current epoch."""

    def __init__(self, rows: int, batch_size: int, seed: int, epoch: int = 0) -> None:
        self._rows, self._batch_size, self._seed, self._epoch = rows, batch_size, seed, epoch

    def set_epoch(self, epoch: int) -> None:
        """Choose the epoch, from 0; Lightning calls it."""
        self._epoch = epoch

    def __len__(self) -> int:
        return -(-self._rows // self._batch_size)

    def __iter__(self) -> Iterator[Tensor]:
        random = np.random.default_rng(derive_seed(self._seed, "shuffle", self._epoch))
        return iter(_batches(torch.from_numpy(random.permutation(self._rows)), self._batch_size))


class OrderedBatches(Sampler[Tensor]):
    """Row numbers 0…N−1, a tensor a batch."""

    def __init__(self, rows: int, batch_size: int) -> None:
        self._rows, self._batch_size = rows, batch_size

    def __len__(self) -> int:
        return -(-self._rows // self._batch_size)

    def __iter__(self) -> Iterator[Tensor]:
        return iter(_batches(torch.arange(self._rows), self._batch_size))


def _batches(rows: Tensor, size: int) -> Sequence[Tensor]:
    return torch.split(rows, size)
