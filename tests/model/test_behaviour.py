"""What any family must do, whatever is inside."""

import math
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from remint.data.prepared import Prepared
from remint.models.base import build_network, model_config
from remint.models.families import families
from remint.models.store import load_network, save_network
from tests.prepared import (
    FAMILIES,
    batch_of,
    bits,
    dataset_for,
    language,
    numbers,
    series,
    table,
    task_of,
    texts,
    trained,
)

EPOCHS = {"cnn": 60, "resnet": 60, "inception": 60, "bert": 80, "transformer": 80}
"Enough to overfit 32 examples; 200 of the others."


def _network(prepared: Prepared, section: dict[str, Any]) -> nn.Module:
    return build_network(model_config("x", section), prepared.spec, 1)


def test_every_family_is_tested_here():
    assert set(FAMILIES) == set(families())


@pytest.mark.parametrize("family", FAMILIES)
def test_outputs_have_a_row_an_example_and_a_column_a_class(tmp_path: Path, family: str):
    prepared = dataset_for(family, tmp_path / "d")
    network = _network(prepared, FAMILIES[family]).eval()
    for rows in (1, 13):
        batch = batch_of(prepared, rows)
        assert network(batch).shape == (*batch["target"].shape, prepared.spec.outputs.size)


@pytest.mark.parametrize("family", FAMILIES)
def test_permuting_a_batch_permutes_the_outputs(tmp_path: Path, family: str):
    prepared = dataset_for(family, tmp_path / "d")
    network, batch = _network(prepared, FAMILIES[family]).eval(), batch_of(prepared)
    order = torch.randperm(60, generator=torch.Generator().manual_seed(0))
    shuffled = {name: array[order] for name, array in batch.items()}
    torch.testing.assert_close(network(shuffled), network(batch)[order])


@pytest.mark.parametrize("family", FAMILIES)
def test_the_loss_before_training_is_that_of_guessing(tmp_path: Path, family: str):
    prepared = dataset_for(family, tmp_path / "d")
    batch = batch_of(prepared)
    loss = task_of(prepared).loss(_network(prepared, FAMILIES[family]).eval()(batch), batch["target"])
    assert loss.item() == pytest.approx(_loss_of_guessing(prepared), rel=0.3)


@pytest.mark.parametrize("family", FAMILIES)
def test_overfits_32_examples(tmp_path: Path, family: str):
    prepared = _without_noise(dataset_for(family, tmp_path / "d", train=32))
    result = trained(prepared, FAMILIES[family], epochs=EPOCHS.get(family, 200), lr=0.05, batch_size=32)
    assert result.history[-1]["train_loss"] < _least_loss(prepared) + 0.05


@pytest.mark.parametrize("family", [f for f in FAMILIES if f not in ("gpt", "factorisation")])
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
    assert history[-1]["train_loss"] < 0.85 * _loss_of_guessing(prepared)


@pytest.mark.parametrize("family", FAMILIES)
def test_training_runs_in_training_mode(tmp_path: Path, family: str):
    prepared = dataset_for(family, tmp_path / "d")
    with_, without = (trained(prepared, {**FAMILIES[family], "dropout": share}, epochs=1) for share in (0.5, 0.0))
    assert with_.history[0]["train_loss"] != without.history[0]["train_loss"]
    assert not with_.network.training


@pytest.mark.parametrize("family", FAMILIES)
def test_dropout_is_active_in_training_alone(tmp_path: Path, family: str):
    prepared = dataset_for(family, tmp_path / "d")
    network, batch = _network(prepared, {**FAMILIES[family], "dropout": 0.5}), batch_of(prepared)
    network.eval()
    assert torch.equal(network(batch), network(batch))
    without = _network(prepared, FAMILIES[family]).eval()
    assert torch.equal(without(batch), network(batch))
    network.train()
    assert not torch.equal(network(batch), network(batch))


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


@pytest.mark.parametrize("family", ["recurrent", "transformer", "bert"])
def test_more_padding_changes_nothing(tmp_path: Path, family: str):
    prepared = texts(tmp_path / "d")
    network, batch = _network(prepared, FAMILIES[family]).eval(), batch_of(prepared)
    padded = {"tokens": torch.nn.functional.pad(batch["tokens"], (0, 3))}
    torch.testing.assert_close(network(padded), network(batch), atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("section", [{"cell": "gru"}, {"cell": "lstm"}])
def test_a_recurrent_network_forecasts(tmp_path: Path, section: dict[str, Any]):
    prepared = series(tmp_path / "d", train=400)
    result = trained(prepared, {**FAMILIES["recurrent"], **section}, epochs=15, lr=0.01)
    assert result.history[-1]["val_rmse"] < 0.7  # the wave's standard deviation is 1.4, the noise's 0.2


def test_gpt_learns_to_count(tmp_path: Path):
    prepared = language(tmp_path / "d", train=400)
    history = trained(prepared, FAMILIES["gpt"], epochs=15, lr=0.02).history
    assert history[-1]["val_loss"] < 0.5 * history[0]["val_loss"]


@pytest.mark.parametrize("family", FAMILIES)
def test_two_trainings_give_the_same_bytes(tmp_path: Path, family: str):
    prepared = dataset_for(family, tmp_path / "d", train=64)
    section = {**FAMILIES[family], "dropout": 0.2}
    assert len({bits(trained(prepared, section, epochs=2)) for _ in range(2)}) == 1


@pytest.mark.parametrize("family", FAMILIES)
def test_saved_and_loaded_it_gives_the_same_bits(tmp_path: Path, family: str):
    prepared = dataset_for(family, tmp_path / "d", train=64)
    result, task = trained(prepared, FAMILIES[family], epochs=1), task_of(prepared)
    (tmp_path / "m").mkdir()
    save_network(tmp_path / "m", result.weights, task.name, FAMILIES[family], prepared.spec)
    loaded, _, _ = load_network(tmp_path / "m")
    batch = batch_of(prepared)
    assert torch.equal(loaded(batch), result.network(batch))


def _least_loss(prepared: Prepared) -> float:
    """What is left where like inputs have unlike targets: of texts, the tokens that the ones before do not tell."""
    arrays = prepared.split("train")
    if "tokens" not in arrays or prepared.spec.outputs.kind != "tokens":
        return 0.0
    texts = [tuple(part) for part in np.split(arrays["tokens"], arrays["offsets"][1:-1])]
    beginnings = Counter(text[:size] for text in texts for size in range(1, len(text) + 1))
    places = [(text, size) for text in texts for size in range(1, len(text))]
    return sum(math.log(beginnings[t[:n]] / beginnings[t[: n + 1]]) for t, n in places) / len(places)


def _loss_of_guessing(prepared: Prepared) -> float:
    """The logarithm of the number of choices; for numbers, the variance of the standardised target."""
    outputs = prepared.spec.outputs
    if outputs.kind in ("classes", "tokens"):
        return math.log(outputs.size)
    target = torch.from_numpy(prepared.split("test")["target"])
    return ((target - outputs.mean) / outputs.std).square().mean().item()


def _without_noise(prepared: Prepared) -> Prepared:
    """Give each example of a table the class that a linear function tells, so that a linear model can learn it."""
    arrays = prepared.split("train")
    if "numeric" in arrays and arrays["numeric"].size:
        arrays["target"][:] = arrays["numeric"] @ np.array([1.0, -2.0, 0.5]) > 0
    prepared.split = lambda name: arrays if name == "train" else Prepared.split(prepared, name)
    return prepared
