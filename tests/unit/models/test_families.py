import re

import pytest
import torch
from torch import nn

from remint.config.specs import DataSpec
from remint.errors import ConfigError
from remint.models.base import build_network, model_config
from remint.models.families import families
from tests.prepared import CLASSES, FAMILIES, IMAGES, NUMBER, NUMBERS, SERIES, TABLE, TEXTS


def test_every_family_is_found_by_name():
    names = "bert cnn factorisation gpt inception linear mlp recurrent resnet transformer"
    assert families() == tuple(names.split())


@pytest.mark.parametrize("family", families())
def test_has_dropout_and_initialisation(family: str):
    config = model_config("x", {"family": family, "dropout": 0.3, "initialisation": "xavier"})
    assert (config.dropout, config.initialisation) == (0.3, "xavier")


@pytest.mark.parametrize(
    ("section", "message"),
    [
        (
            {"family": "lineer"},
            f'experiments.x.model.family is "lineer"; allowed: {", ".join(families())}; did you mean "linear"?',
        ),
        ({"family": "store"}, f'family is "store"; allowed: {", ".join(families())}'),
        ({"family": "mlp", "hiden": [3]}, "experiments.x.model.hiden is not a known key; allowed:"),
        ({"family": "mlp", "hidden": []}, "experiments.x.model.hidden is []"),
        ({"family": "mlp", "hidden": [0]}, "experiments.x.model.hidden.0 is 0"),
        ({"family": "linear", "dropout": 1.0}, "experiments.x.model.dropout is 1.0"),
        ({"family": "cnn", "initialisation": "he"}, 'experiments.x.model.initialisation is "he"; allowed: "default"'),
    ],
)
def test_a_wrong_section_is_told(section: dict, message: str):
    with pytest.raises(ConfigError, match=re.escape(message)):
        model_config("x", section)


def test_mlp_has_the_layers_that_are_declared():
    network = build_network(
        model_config("x", {"family": "mlp", "hidden": [7, 5], "dropout": 0.2}),
        DataSpec(inputs=TABLE, outputs=CLASSES),
        0,
    )
    linear = [m for m in network.modules() if isinstance(m, nn.Linear)]
    assert [(m.in_features, m.out_features) for m in linear] == [(11, 7), (7, 5), (5, 2)]
    assert [m.p for m in network.modules() if isinstance(m, nn.Dropout)] == [0.2, 0.2]


@pytest.mark.parametrize("family", ["linear", "mlp"])
@pytest.mark.parametrize("outputs", [CLASSES, NUMBER])
def test_linear_and_mlp_take_images_too(family: str, outputs):
    network = build_network(model_config("x", FAMILIES[family]), DataSpec(inputs=IMAGES, outputs=outputs), 0)
    assert network({"image": torch.zeros(3, 1, 8, 8, dtype=torch.uint8)}).shape == (3, outputs.size)


@pytest.mark.parametrize("family", ["linear", "mlp"])
def test_linear_and_mlp_take_windows_of_a_series(family: str):
    network = build_network(model_config("x", FAMILIES[family]), DataSpec(inputs=SERIES, outputs=NUMBERS), 0).eval()
    history = torch.randn(4, SERIES.history, 2, generator=torch.Generator().manual_seed(0))
    found = network({"history": history})
    assert found.shape == (4, NUMBERS.size)
    first = next(m for m in network.modules() if isinstance(m, nn.Linear))
    assert first.in_features == SERIES.history * 2
    if family == "linear":
        torch.testing.assert_close(found, first(history.reshape(4, -1)))


@pytest.mark.parametrize("family", ["linear", "mlp"])
def test_linear_and_mlp_refuse_texts(family: str):
    with pytest.raises(ConfigError, match="not texts; allowed for texts: recurrent, transformer, bert"):
        build_network(model_config("x", FAMILIES[family]), DataSpec(inputs=TEXTS, outputs=CLASSES), 0)


def test_weights_are_drawn_from_the_seed_alone():
    spec, config = DataSpec(inputs=TABLE, outputs=CLASSES), model_config("x", FAMILIES["mlp"])
    torch.manual_seed(5)
    before = torch.get_rng_state()
    first = build_network(config, spec, 1).state_dict()
    assert torch.equal(torch.get_rng_state(), before)
    torch.rand(100)
    second, other = build_network(config, spec, 1).state_dict(), build_network(config, spec, 2).state_dict()
    assert all(torch.equal(first[name], second[name]) for name in first)
    assert not any(torch.equal(first[name], other[name]) for name in first)
