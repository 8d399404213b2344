from pathlib import Path

import pytest
import torch

from remint.data.prepared import Prepared
from remint.errors import DataError
from remint.files import read_json
from remint.models.base import build_network, model_config
from remint.models.store import load_network, save_network
from tests.prepared import FAMILIES, dataset_for, task_of


def _save(folder: Path, family: str) -> torch.nn.Module:
    prepared = dataset_for(family, folder.with_name(f"{folder.name}-data"), train=1, rest=1)
    network = build_network(model_config("x", FAMILIES[family]), prepared.spec, 1)
    folder.mkdir()
    save_network(folder, network.state_dict(), task_of(prepared).name, FAMILIES[family], prepared.spec)
    return network


@pytest.mark.parametrize("family", FAMILIES)
def test_gives_the_same_bits_back(tmp_path: Path, family: str):
    network = _save(tmp_path / "x", family)
    loaded, spec, task = load_network(tmp_path / "x")
    assert spec == Prepared(tmp_path / "x-data").spec
    assert task.name == task_of(Prepared(tmp_path / "x-data")).name
    assert not loaded.training
    for name, tensor in network.state_dict().items():
        assert torch.equal(loaded.state_dict()[name], tensor)


def test_the_same_network_makes_the_same_files(tmp_path: Path):
    for name in ("a", "b"):
        _save(tmp_path / name, "mlp")
    for file in ("weights.safetensors", "model.json"):
        assert (tmp_path / "a" / file).read_bytes() == (tmp_path / "b" / file).read_bytes()
    assert set(read_json(tmp_path / "a" / "model.json")) == {"task", "model", "spec"}


def test_loading_leaves_the_global_generator_alone(tmp_path: Path):
    _save(tmp_path / "x", "cnn")
    before = torch.get_rng_state()
    load_network(tmp_path / "x")
    assert torch.equal(torch.get_rng_state(), before)


def test_weights_of_another_network_are_refused(tmp_path: Path):
    _save(tmp_path / "a", "mlp")
    _save(tmp_path / "b", "linear")
    (tmp_path / "b" / "weights.safetensors").rename(tmp_path / "a" / "weights.safetensors")
    with pytest.raises(DataError, match=r"weights.safetensors does not fit model.json"):
        load_network(tmp_path / "a")


def test_a_temperature_is_kept_and_divides_the_logits(tmp_path: Path):
    prepared = dataset_for("mlp", tmp_path / "data", train=1, rest=1)
    network = build_network(model_config("x", FAMILIES["mlp"]), prepared.spec, 1)
    (tmp_path / "x").mkdir()
    weights = network.state_dict()
    save_network(tmp_path / "x", weights, "classification", FAMILIES["mlp"], prepared.spec, temperature=2.0)
    _, _, task = load_network(tmp_path / "x")
    logits = torch.tensor([[0.5, -1.5]])
    expected = torch.softmax(logits.double() / 2.0, dim=1)
    assert torch.equal(torch.from_numpy(task.predict(logits)["probabilities"]), expected)
