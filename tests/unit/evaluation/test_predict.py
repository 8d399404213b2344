from pathlib import Path

import numpy as np
import pytest
import torch

from remint.evaluation.predict import predict
from remint.models.base import build_network, model_config
from remint.tasks.base import task
from tests.prepared import FAMILIES, dataset_for, numbers


@pytest.mark.parametrize("family", FAMILIES)
def test_the_batch_size_changes_nothing_beyond_rounding(tmp_path: Path, family: str):
    prepared = dataset_for(family, tmp_path / "d")
    network = build_network(model_config("x", {**FAMILIES[family], "dropout": 0.5}), prepared.spec, 1)
    kind = task("classification", prepared.spec.outputs)
    results = [predict(network, prepared.split("test"), kind, size)["probabilities"] for size in (7, 60, 256)]
    for found in results:
        assert found.shape == (60, prepared.spec.outputs.size)
        np.testing.assert_allclose(found, results[-1], atol=1e-6)
        np.testing.assert_allclose(found.sum(axis=1), 1)


def test_the_same_call_gives_the_same_bits(tmp_path: Path):
    prepared = dataset_for("cnn", tmp_path / "d")
    network = build_network(model_config("x", FAMILIES["cnn"]), prepared.spec, 1)
    kind = task("classification", prepared.spec.outputs)
    first = predict(network, prepared.split("test"), kind)["probabilities"]
    torch.set_num_threads(1)
    torch.manual_seed(3)
    assert first.tobytes() == predict(network, prepared.split("test"), kind)["probabilities"].tobytes()


def test_numbers_are_in_the_raw_unit(tmp_path: Path):
    prepared = numbers(tmp_path / "d")
    network = build_network(model_config("x", FAMILIES["linear"]), prepared.spec, 1)
    found = predict(network, prepared.split("test"), task("regression", prepared.spec.outputs))["value"]
    assert found.shape == (60,)
    assert 20 < found.mean() < 80
