import re

import pytest
import torch
from torch import nn

from remint.config.specs import DataSpec, ImageSpec
from remint.errors import ConfigError
from remint.models.base import build_network, model_config
from remint.models.families import families
from tests.prepared import CLASSES, DIGITS, FAMILIES, IMAGES, NUMBER, TABLE


def test_every_family_is_found_by_name():
    assert families() == ("cnn", "linear", "mlp")


@pytest.mark.parametrize("family", families())
def test_has_dropout_and_initialisation(family: str):
    config = model_config("x", {"family": family, "dropout": 0.3, "initialisation": "xavier"})
    assert (config.dropout, config.initialisation) == (0.3, "xavier")


@pytest.mark.parametrize(
    ("section", "message"),
    [
        (
            {"family": "lineer"},
            'experiments.x.model.family is "lineer"; allowed: cnn, linear, mlp; did you mean "linear"?',
        ),
        ({"family": "store"}, 'family is "store"; allowed: cnn, linear, mlp'),
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


def test_cnn_is_the_classic_one():
    spec = DataSpec(inputs=ImageSpec(channels=1, height=28, width=28), outputs=DIGITS)
    network = build_network(model_config("x", {"family": "cnn", "dropout": 0.5}), spec, 0)
    shapes = {name: tuple(tensor.shape) for name, tensor in network.state_dict().items() if name.endswith("weight")}
    assert shapes == {
        "convolutions.0.weight": (32, 1, 3, 3),
        "convolutions.1.weight": (64, 32, 3, 3),
        "dense.weight": (128, 64 * 12 * 12),
        "output.weight": (3, 128),
    }
    assert [m.p for m in network.modules() if isinstance(m, nn.Dropout)] == [0.25, 0.5]


def test_cnn_refuses_tables_and_images_that_are_too_small():
    config = model_config("x", {"family": "cnn", "channels": [2, 2]})
    with pytest.raises(ConfigError, match='family "cnn" takes images'):
        build_network(config, DataSpec(inputs=TABLE, outputs=CLASSES), 0)
    with pytest.raises(ConfigError, match="2 convolutions of images 5×9; allowed: images from 6×6"):
        build_network(config, DataSpec(inputs=ImageSpec(channels=1, height=5, width=9), outputs=DIGITS), 0)
    smallest = DataSpec(inputs=ImageSpec(channels=2, height=6, width=7), outputs=DIGITS)
    network = build_network(config, smallest, 0)
    assert network({"image": torch.zeros(3, 2, 6, 7, dtype=torch.uint8)}).shape == (3, 3)


@pytest.mark.parametrize("family", ["linear", "mlp"])
@pytest.mark.parametrize("outputs", [CLASSES, NUMBER])
def test_linear_and_mlp_take_images_too(family: str, outputs):
    network = build_network(model_config("x", FAMILIES[family]), DataSpec(inputs=IMAGES, outputs=outputs), 0)
    assert network({"image": torch.zeros(3, 1, 8, 8, dtype=torch.uint8)}).shape == (3, outputs.size)


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
