"""What any family must do, whatever is inside."""

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from remint.data.prepared import Prepared
from remint.models.base import build_network, model_config
from remint.models.families import families
from remint.tasks.base import task
from tests.prepared import FAMILIES, dataset_for, numbers, table, trained


def _batch(prepared: Prepared, rows: int = 60) -> dict[str, torch.Tensor]:
    return {name: torch.from_numpy(array[:rows]) for name, array in prepared.split("test").items()}


def _network(prepared: Prepared, section: dict[str, Any]) -> nn.Module:
    return build_network(model_config("x", section), prepared.spec, 1)


def test_every_family_is_tested_here():
    assert set(FAMILIES) == set(families())


@pytest.mark.parametrize("family", FAMILIES)
def test_outputs_have_a_row_an_example_and_a_column_a_class(tmp_path: Path, family: str):
    prepared = dataset_for(family, tmp_path / "d")
    network = _network(prepared, FAMILIES[family]).eval()
    for rows in (1, 13):
        assert network(_batch(prepared, rows)).shape == (rows, prepared.spec.outputs.size)


@pytest.mark.parametrize("family", FAMILIES)
def test_permuting_a_batch_permutes_the_outputs(tmp_path: Path, family: str):
    prepared = dataset_for(family, tmp_path / "d")
    network, batch = _network(prepared, FAMILIES[family]).eval(), _batch(prepared)
    order = torch.randperm(60, generator=torch.Generator().manual_seed(0))
    shuffled = {name: array[order] for name, array in batch.items()}
    torch.testing.assert_close(network(shuffled), network(batch)[order])


@pytest.mark.parametrize("family", FAMILIES)
def test_the_loss_before_training_is_that_of_guessing(tmp_path: Path, family: str):
    prepared = dataset_for(family, tmp_path / "d")
    batch = _batch(prepared)
    loss = task("classification", prepared.spec.outputs).loss(
        _network(prepared, FAMILIES[family]).eval()(batch), batch["target"]
    )
    assert loss.item() == pytest.approx(math.log(prepared.spec.outputs.size), rel=0.25)


@pytest.mark.parametrize("family", FAMILIES)
def test_overfits_32_examples(tmp_path: Path, family: str):
    prepared = _without_noise(dataset_for(family, tmp_path / "d", train=32))
    result = trained(prepared, FAMILIES[family], epochs=200, lr=0.05, batch_size=32)
    assert result.history[-1]["train_loss"] < 0.05


@pytest.mark.parametrize("family", FAMILIES)
def test_learns_what_can_be_learned(tmp_path: Path, family: str):
    prepared = dataset_for(family, tmp_path / "d", train=600, rest=300)
    result = trained(prepared, FAMILIES[family], epochs=10, lr=0.01)
    share = np.bincount(prepared.split("val")["target"]).max() / 300
    assert result.history[-1]["val_accuracy"] > share + 0.15


@pytest.mark.parametrize("family", ["linear", "mlp"])
def test_regression_learns(tmp_path: Path, family: str):
    result = trained(numbers(tmp_path / "d", train=400), FAMILIES[family], epochs=40, lr=0.03)
    assert result.history[-1]["val_rmse"] < 2.5  # the noise's standard deviation is 1, the target's about 10


@pytest.mark.parametrize("initialisation", ["default", "xavier", "kaiming", "normal", "orthogonal"])
@pytest.mark.parametrize("family", FAMILIES)
def test_every_initialisation_learns(tmp_path: Path, family: str, initialisation: str):
    prepared = dataset_for(family, tmp_path / "d")
    section = {**FAMILIES[family], "initialisation": initialisation}
    history = trained(prepared, section, epochs=8, lr=0.01).history
    assert history[-1]["train_loss"] < 0.8 * math.log(prepared.spec.outputs.size)


@pytest.mark.parametrize("family", FAMILIES)
def test_dropout_is_active_in_training_alone(tmp_path: Path, family: str):
    prepared = dataset_for(family, tmp_path / "d")
    network, batch = _network(prepared, {**FAMILIES[family], "dropout": 0.5}), _batch(prepared)
    network.train()
    assert not torch.equal(network(batch), network(batch))
    network.eval()
    assert torch.equal(network(batch), network(batch))
    without = _network(prepared, FAMILIES[family]).train()
    assert torch.equal(without(batch), network(batch))


def test_l1_gives_smaller_and_sparser_weights(tmp_path: Path):
    prepared = table(tmp_path / "d")
    settings = {"epochs": 60, "lr": 0.05, "optimizer": "sgd"}
    free, penalised = (trained(prepared, l1=l1, **settings).weights["linear.weight"] for l1 in (0.0, 0.03))
    assert penalised.abs().sum() < 0.7 * free.abs().sum()
    assert (penalised.abs() < 0.01).sum() >= (free.abs() < 0.01).sum() + 4


def test_l2_gives_smaller_weights(tmp_path: Path):
    prepared = table(tmp_path / "d")
    for optimizer in ("sgd", "momentum", "adam", "adamw"):
        settings = {"epochs": 20, "lr": 0.02, "optimizer": optimizer}
        free, penalised = (trained(prepared, l2=l2, **settings).weights["linear.weight"] for l2 in (0.0, 0.5))
        assert penalised.norm() < 0.9 * free.norm()


def test_half_precision_learns_about_the_same(tmp_path: Path):
    prepared = dataset_for("cnn", tmp_path / "d")
    settings = {"epochs": 6, "lr": 0.005}
    full, half = (trained(prepared, FAMILIES["cnn"], precision=p, **settings) for p in ("32", "bf16-mixed"))
    assert all(tensor.dtype == torch.float32 for tensor in half.weights.values())
    assert half.history[-1]["val_loss"] == pytest.approx(full.history[-1]["val_loss"], abs=0.1)


def _without_noise(prepared: Prepared) -> Prepared:
    """Give each example of a table the class that a linear function tells, so that a linear model can learn it."""
    arrays = prepared.split("train")
    if "numeric" in arrays:
        arrays["target"][:] = arrays["numeric"] @ np.array([1.0, -2.0, 0.5]) > 0
    prepared.split = lambda name: arrays if name == "train" else Prepared.split(prepared, name)
    return prepared
