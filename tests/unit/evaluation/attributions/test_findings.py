import json
from pathlib import Path

import numpy as np
import pytest
import torch

from remint.evaluation.attributions.chosen import losses
from remint.evaluation.attributions.findings import attribution_findings
from remint.evaluation.attributions.images import heat, heat_of
from tests.prepared import FAMILIES, dataset_for, images, language, numbers, series, table, task_of, texts
from tests.unit.evaluation.scoring import network_for, score, zeroed

KINDS = {"cnn": "images", "resnet": "images", "inception": "images", "recurrent": "tokens", "transformer": "tokens"}
KINDS |= {"bert": "tokens", "gpt": "tokens"}


@pytest.mark.parametrize("family", FAMILIES)
def test_every_family_and_nothing_is_left_behind(family: str, tmp_path: Path):
    prepared = dataset_for(family, tmp_path / "d")
    network = network_for(family, prepared)
    before = [(name, parameter.requires_grad) for name, parameter in network.named_parameters()]
    scored, task = score(network, prepared), task_of(prepared)
    found = attribution_findings(network, scored, task)
    assert found["kind"] == KINDS.get(family, "features")
    assert found.get("missed", 0) < 0.02
    assert json.loads(json.dumps(found, allow_nan=False)) == found
    with torch.random.fork_rng():
        torch.manual_seed(7)
        assert attribution_findings(network, scored, task) == found
    assert [(name, parameter.requires_grad) for name, parameter in network.named_parameters()] == before
    assert all(parameter.grad is None for parameter in network.parameters())
    assert not any(layer._forward_hooks for layer in network.modules())
    assert found["worst"][0]["row"] == scored.rows["row"].iloc[losses(scored).argmax()]


def test_a_planted_column(tmp_path: Path):
    prepared = table(tmp_path / "d")
    network = zeroed(network_for("linear", prepared))
    with torch.no_grad():
        network.linear.weight[1, 1] = 3.0  # type: ignore[union-attr, operator]
    found = attribution_findings(network, score(network, prepared), task_of(prepared))
    first, *others = found["importance"]
    assert first["feature"] == "height"
    assert first["importance"] > 0.5
    assert all(other["importance"] == 0 for other in others)


def test_a_row_of_numbers_sums_up_to_its_difference_in_the_unit_of_the_target(tmp_path: Path):
    prepared = numbers(tmp_path / "d")
    network = network_for("linear", prepared)
    scored = score(network, prepared)
    found = attribution_findings(network, scored, task_of(prepared))
    rows = scored.rows["row"].tolist()
    sums = [sum(column["attribution"] for column in row["attributions"]) for row in found["examples"]]
    values = [scored.predicted["value"][rows.index(row["row"])] for row in found["examples"]]
    # Each against the same mean but for the draw of the other rows: between rows the sums differ as predictions do.
    assert np.corrcoef(sums, values)[0, 1] > 0.9
    assert np.ptp(sums) == pytest.approx(np.ptp(values), rel=0.5)


def test_planted_pixels(tmp_path: Path):
    prepared = images(tmp_path / "d")
    network = zeroed(network_for("linear", prepared))
    with torch.no_grad():
        network.linear.weight.view(3, 8, 8)[2, 2:4, 5:7] = 4.0  # type: ignore[union-attr, operator]
    scored = score(network, prepared)
    found = attribution_findings(network, scored, task_of(prepared))
    assert found["missed"] < 1e-4
    for sample in found["examples"]:
        values = heat_of(sample["heat"])
        inside = values[2:4, 5:7].copy()
        values[2:4, 5:7] = 0
        assert not values.any()
        i = scored.rows["row"].tolist().index(sample["row"])
        pixels = scored.arrays["image"][i, 0, 2:4, 5:7].sum() / 255
        # Two thirds: of three logits, one is as it is and the mean is a third of it.
        assert abs(inside.sum()) == pytest.approx(4 * pixels * 2 / 3, rel=0.02)


@pytest.mark.parametrize("family", ["recurrent", "transformer"])
def test_a_planted_token(family: str, tmp_path: Path):
    prepared = texts(tmp_path / "d")
    network = network_for(family, prepared, pooling="mean")
    weight = network.tokens.weight  # type: ignore[union-attr]
    with torch.no_grad():
        weight[:] = weight[8]  # type: ignore[index, operator]
        weight[5] = torch.linspace(-1, 1, weight.shape[1])  # type: ignore[index, operator, union-attr]
    found = attribution_findings(network, score(network, prepared), task_of(prepared))
    told = [text for text in found["worst"] + found["examples"] if "#5" in text["tokens"]]
    assert told
    for text in told:
        strongest = int(np.abs(text["attributions"]).argmax())
        assert text["tokens"][strongest] == "#5"


def test_a_prompt_and_the_token_that_follows(tmp_path: Path):
    prepared = language(tmp_path / "d")
    network = network_for("gpt", prepared)
    found = attribution_findings(network, score(network, prepared), task_of(prepared))
    for text in found["examples"]:
        assert len(text["tokens"]) == len(text["attributions"]) <= 24
        assert text["attributions"][0] == 0
        assert {"target", "prediction", "probability"} <= text.keys()


def test_a_planted_step_of_a_feature(tmp_path: Path):
    prepared = series(tmp_path / "d")
    network = zeroed(network_for("linear", prepared))
    with torch.no_grad():
        network.linear.weight.view(3, 12, 2)[:, 9, 1] = 1.0  # type: ignore[union-attr, operator]
    found = attribution_findings(network, score(network, prepared), task_of(prepared))
    assert [entry["feature"] for entry in found["features"]] == ["heat", "load"]
    assert np.flatnonzero(found["steps"]).tolist() == [2]
    history = prepared.split("test")
    expected = np.mean([abs(2 * history["series"][start + 9, 1]) for start in history["starts"]])
    assert found["features"][0]["importance"] == pytest.approx(expected, rel=1e-4)


def test_a_large_map_keeps_its_sum():
    values = np.random.default_rng(0).normal(size=(200, 150))
    shown = heat(values)
    assert shown["shape"] == [67, 50]
    assert heat_of(shown).sum() == pytest.approx(values.sum(), abs=67 * 50 * shown["scale"] / 254)
