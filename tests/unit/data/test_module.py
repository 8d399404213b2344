from pathlib import Path

import numpy as np
import torch

from remint.data.module import GROUP, PreparedDataModule
from remint.data.rows import Batch
from tests.prepared import table


def _order(data: PreparedDataModule, epoch: int) -> list[int]:
    loader = data.train_dataloader()
    loader.sampler.set_epoch(epoch)
    return torch.cat([batch for group in loader.sampler for batch in group]).tolist()


def _batches(data: PreparedDataModule) -> list[Batch]:
    return [batch for group in data.train_dataloader() for batch in group]


def test_an_epoch_holds_every_row_once_in_batches_of_the_size_asked_for(tmp_path: Path):
    prepared = table(tmp_path / "d", train=50)
    data = PreparedDataModule(prepared, batch_size=16, seed=1)
    batches = _batches(data)
    assert [len(batch["target"]) for batch in batches] == [16, 16, 16, 2]
    assert data.steps_per_epoch == 4
    found = np.sort(torch.cat([batch["numeric"] for batch in batches]).numpy(), axis=0)
    np.testing.assert_array_equal(found, np.sort(prepared.split("train")["numeric"], axis=0))


def test_lightning_gets_groups_of_batches(tmp_path: Path):
    data = PreparedDataModule(table(tmp_path / "d", train=2 * GROUP + 1), batch_size=2, seed=1)
    loader = data.train_dataloader()
    assert [len(list(group)) for group in loader] == [GROUP, 1]
    assert len(loader) == 2


def test_arrays_of_a_batch_stay_together(tmp_path: Path):
    prepared = table(tmp_path / "d", train=50)
    arrays = prepared.split("train")
    data = PreparedDataModule(prepared, batch_size=50, seed=1)
    order = _order(data, 0)
    (batch,) = _batches(data)
    for name, array in arrays.items():
        np.testing.assert_array_equal(batch[name].numpy(), array[order])


def test_the_order_depends_on_seed_and_epoch_alone(tmp_path: Path):
    prepared = table(tmp_path / "d", train=50)
    first = PreparedDataModule(prepared, batch_size=16, seed=1)
    orders = [_order(first, epoch) for epoch in (0, 1, 2)]
    assert len({tuple(order) for order in orders}) == 3
    torch.manual_seed(99)
    again = PreparedDataModule(prepared, batch_size=7, seed=1)
    assert [_order(again, epoch) for epoch in (2, 0, 1)] == [orders[2], orders[0], orders[1]]
    assert _order(PreparedDataModule(prepared, batch_size=16, seed=2), 0) != orders[0]


def test_iterating_does_not_touch_the_global_generator(tmp_path: Path):
    data = PreparedDataModule(table(tmp_path / "d"), batch_size=16, seed=1)
    before = torch.get_rng_state()
    _batches(data)
    list(data.val_dataloader())
    assert torch.equal(torch.get_rng_state(), before)


def test_validation_is_in_order(tmp_path: Path):
    prepared = table(tmp_path / "d", rest=300)
    data = PreparedDataModule(prepared, batch_size=16, seed=1)
    found = torch.cat([batch["target"] for batch in data.val_dataloader()])
    np.testing.assert_array_equal(found.numpy(), prepared.split("val")["target"])
