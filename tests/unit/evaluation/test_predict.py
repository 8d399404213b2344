from pathlib import Path

import numpy as np
import pytest
import torch

from remint.data.rows import rows_of
from remint.evaluation.predict import predict
from remint.models.base import build_network, model_config
from tests.prepared import FAMILIES, dataset_for, numbers, task_of


@pytest.mark.parametrize("family", FAMILIES)
def test_the_batch_size_changes_nothing_beyond_rounding(tmp_path: Path, family: str):
    prepared = dataset_for(family, tmp_path / "d")
    network = build_network(model_config("x", {**FAMILIES[family], "dropout": 0.5}), prepared.spec, 1)
    rows, found = rows_of(prepared.split("test"), prepared.spec), []
    for rows.evaluation_batch in (7, 60, 256):
        found.append(predict(network, rows, task_of(prepared)))
    for result in found:
        for name, array in result.items():
            assert len(array) == 60
            np.testing.assert_allclose(array, found[-1][name], atol=1e-5, rtol=1e-5)
    if "probabilities" in found[0]:
        np.testing.assert_allclose(found[0]["probabilities"].sum(axis=1), 1)


def test_the_same_call_gives_the_same_bits(tmp_path: Path):
    prepared = dataset_for("cnn", tmp_path / "d")
    network = build_network(model_config("x", FAMILIES["cnn"]), prepared.spec, 1)
    kind, rows = task_of(prepared), rows_of(prepared.split("test"), prepared.spec)
    first = predict(network, rows, kind)["probabilities"]
    torch.set_num_threads(1)
    torch.manual_seed(3)
    assert first.tobytes() == predict(network, rows, kind)["probabilities"].tobytes()


def test_pieces_of_a_text_are_summed(tmp_path: Path):
    prepared = dataset_for("gpt", tmp_path / "d")
    network = build_network(model_config("x", FAMILIES["gpt"]), prepared.spec, 1)
    arrays = prepared.split("test")
    whole = predict(network, rows_of(arrays, prepared.spec), task_of(prepared))
    short = prepared.spec.model_copy(update={"inputs": prepared.spec.inputs.model_copy(update={"length": 3})})
    pieces = predict(network, rows_of(arrays, short), task_of(prepared))
    assert len(pieces["nats"]) == len(whole["nats"]) == 60
    np.testing.assert_array_equal(pieces["tokens"], whole["tokens"])
    np.testing.assert_array_equal(whole["tokens"], np.diff(arrays["offsets"]) - 1)


def test_numbers_are_in_the_raw_unit(tmp_path: Path):
    prepared = numbers(tmp_path / "d")
    network = build_network(model_config("x", FAMILIES["linear"]), prepared.spec, 1)
    found = predict(network, rows_of(prepared.split("test"), prepared.spec), task_of(prepared))["value"]
    assert found.shape == (60,)
    assert 20 < found.mean() < 80
