import re
from pathlib import Path

import pytest
import torch

from remint.config.specs import CategorySpec, DataSpec, TabularSpec
from remint.errors import ConfigError
from remint.models.base import build_network, model_config
from tests.prepared import CLASSES, IMAGES, NUMBER, RATINGS, TABLE, ratings, trained
from tests.unit.models import checks


def _build(inputs=RATINGS, outputs=NUMBER, seed: int = 1, **options):
    section = {"family": "factorisation", "factors": 4, "spread": 0.5, **options}
    return build_network(model_config("x", section), DataSpec(inputs=inputs, outputs=outputs), seed)


def _codes(rows: int = 30, start: int = 1) -> torch.Tensor:
    draw = torch.Generator().manual_seed(0)
    return torch.stack([torch.randint(start, size, (rows,), generator=draw) for size in (9, 7)], dim=1)


def _with_biases(network):
    for table in (network.biases.first, network.biases.second):
        table.weight.data[1:] = torch.randn(len(table.weight) - 1, table.weight.shape[1])
    return network.eval()


def test_a_pair_has_its_biases_and_its_product():
    network, codes = _with_biases(_build()), _codes()
    weights = network.state_dict()
    user, film = codes[4].tolist()
    product = weights["factors.first.weight"][user] @ weights["factors.second.weight"][film]
    expected = weights["biases.first.weight"][user] + weights["biases.second.weight"][film] + product
    torch.testing.assert_close(network({"codes": codes})[4], expected)


def test_the_outputs_are_the_mean_of_the_members():
    network, codes = _with_biases(_build(members=3)), _codes()
    found = network({"codes": codes})
    assert found.shape == (30, 1)
    p, q = network.factors(codes)
    of_users, of_films = network.biases(codes)
    members = [(p * q)[:, 4 * k : 4 * k + 4].sum(1) + (of_users + of_films)[:, k] for k in range(3)]
    torch.testing.assert_close(found[:, 0], torch.stack(members).mean(0))


def test_what_train_does_not_hold_adds_nothing():
    network = _with_biases(_build())
    found = network({"codes": torch.tensor([[0, 0], [3, 0], [0, 2]])})
    biases = network.state_dict()["biases.first.weight"][3], network.state_dict()["biases.second.weight"][2]
    torch.testing.assert_close(found[:, 0], torch.cat([torch.zeros(1), *biases]))


def test_training_leaves_the_row_of_unseen_values_at_zero(tmp_path: Path):
    weights = trained(ratings(tmp_path / "d"), {"family": "factorisation", "penalty": 0.1}, epochs=2, l2=0.1).weights
    assert set(weights) == {
        f"{tables}.{side}.weight" for tables in ("factors", "biases") for side in ("first", "second")
    }
    assert all((weight[0] == 0).all() and (weight[1:] != 0).any() for weight in weights.values())


@pytest.mark.parametrize("bias_penalty", [None, 0.0, 0.5])
def test_the_penalty_is_koren_s(bias_penalty: float | None):
    network, codes = _with_biases(_build(penalty=0.2, bias_penalty=bias_penalty)), _codes()
    weights = network.state_dict()
    squares = {
        name: sum(
            weights[f"{name}.{side}.weight"][code].square().sum()
            for row in codes.tolist()
            for side, code in zip(("first", "second"), row, strict=True)
        )
        for name in ("factors", "biases")
    }
    expected = (0.2 * squares["factors"] + (0.2 if bias_penalty is None else bias_penalty) * squares["biases"]) / 30
    torch.testing.assert_close(network.penalty({"codes": codes}), expected)


def test_members_learn_as_if_each_were_alone():
    """The squared error of the mean and the penalty make the mean of the members' own losses."""
    network, codes = _with_biases(_build(members=3, penalty=0.2, bias_penalty=0.1)), _codes()
    target = torch.randn(30, 1, generator=torch.Generator().manual_seed(1))
    loss = (network({"codes": codes}) - target).square().mean() + network.penalty({"codes": codes})
    alone = []
    for k in range(3):
        member = _build(penalty=0.2, bias_penalty=0.1).eval()
        member.load_state_dict(
            {
                name: weight[:, 4 * k : 4 * k + 4] if name.startswith("factors") else weight[:, k : k + 1]
                for name, weight in network.state_dict().items()
            }
        )
        alone.append((member({"codes": codes}) - target).square().mean() + member.penalty({"codes": codes}))
    torch.testing.assert_close(loss, torch.stack(alone).mean())


def test_training_learns_and_the_penalty_holds_back(tmp_path: Path):
    data, section = ratings(tmp_path / "d", train=600), {"family": "factorisation", "factors": 4, "spread": 0.1}
    free, held = (
        trained(data, {**section, "penalty": penalty}, epochs=15, lr=0.03, batch_size=64) for penalty in (0.0, 1.0)
    )
    assert free.history[-1]["val_rmse"] < 0.5  # the target's standard deviation is about 7
    assert held.history[-1]["val_rmse"] > 2 * free.history[-1]["val_rmse"]
    for name, weight in held.weights.items():
        assert weight.norm() < free.weights[name].norm()


def test_factors_are_drawn_as_told():
    inputs = TabularSpec(numeric=(), categories=tuple(CategorySpec(name=n, codes=2000) for n in "ab"))
    for options, spread in (
        ({"spread": 0.3}, 0.3),
        ({"initialisation": "normal"}, 0.02),
        ({"initialisation": "xavier"}, (2 / (2000 + 4)) ** 0.5),
    ):
        weights = _build(inputs, **options).state_dict()
        assert weights["factors.first.weight"][1:].std().item() == pytest.approx(spread, rel=0.05)
        assert not weights["factors.first.weight"][0].any()
        assert not weights["biases.first.weight"].any()


def test_saved_and_loaded_it_gives_the_same_bits(tmp_path: Path):
    spec = DataSpec(inputs=RATINGS, outputs=NUMBER)
    checks.loading_gives_the_same_bits(
        tmp_path, {"family": "factorisation", "members": 2}, spec, "regression", {"codes": _codes()}
    )


@pytest.mark.parametrize(
    ("inputs", "outputs", "message"),
    [
        (IMAGES, NUMBER, "takes a table of two category columns, not image"),
        (TABLE, NUMBER, "takes two category columns and no number; found age, height, weight, job, town"),
        (RATINGS, CLASSES, "predicts a number; the target is classes"),
    ],
)
def test_other_data_is_refused(inputs, outputs, message: str):
    with pytest.raises(ConfigError, match=re.escape(message)):
        _build(inputs, outputs)
