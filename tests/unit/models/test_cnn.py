import re

import pytest
import torch
from torch import nn

from remint.config.specs import DataSpec, ImageSpec
from remint.errors import ConfigError
from remint.models.base import build_network, model_config
from tests.prepared import CLASSES, DIGITS, TABLE

FASHION = ImageSpec(channels=1, height=28, width=28)


def _network(inputs: ImageSpec = FASHION, **section) -> nn.Module:
    config = model_config("x", {"family": "cnn", **section})
    return build_network(config, DataSpec(inputs=inputs, outputs=DIGITS), 0)


def _shapes(network: nn.Module) -> dict[str, tuple[int, ...]]:
    return {name: tuple(tensor.shape) for name, tensor in network.state_dict().items() if tensor.ndim}


def test_by_default_it_is_the_classic_one():
    network = _network(dropout=0.5)
    assert _shapes(network) == {
        "convolutions.0.weight": (32, 1, 3, 3),
        "convolutions.0.bias": (32,),
        "convolutions.1.weight": (64, 32, 3, 3),
        "convolutions.1.bias": (64,),
        "dense.weight": (128, 64 * 12 * 12),
        "dense.bias": (128,),
        "output.weight": (3, 128),
        "output.bias": (3,),
    }
    assert [m.p for m in network.modules() if isinstance(m, nn.Dropout)] == [0.25, 0.5]


def test_the_classic_one_computes_what_its_layers_in_a_row_compute():
    network, image = _network().eval(), torch.randint(0, 256, (5, 1, 28, 28), dtype=torch.uint8)
    plain = nn.Sequential(
        *(network.convolutions[0], nn.ReLU(), network.convolutions[1], nn.ReLU(), nn.MaxPool2d(2), nn.Flatten()),
        *(network.dense, nn.ReLU(), network.output),
    )
    assert torch.equal(network({"image": image}), plain(image / 255))


def test_blocks_end_in_a_pooling():
    network = _network(blocks=[[4, 5], [6]], padding="same")
    assert network.dense.in_features == 6 * 7 * 7
    assert [tuple(m.weight.shape[:2]) for m in network.convolutions] == [(4, 1), (5, 4), (6, 5)]
    sides: list[int] = []
    for convolution in network.convolutions:
        convolution.register_forward_hook(lambda _, inputs, __: sides.append(inputs[0].shape[-1]))
    network({"image": torch.zeros(2, 1, 28, 28, dtype=torch.uint8)})
    assert sides == [28, 28, 14]


def test_convolutions_before_batch_norm_have_no_biases():
    network = _network(blocks=[[4], [6]], batch_norm=True)
    assert [m.bias for m in network.convolutions] == [None, None]
    assert [m.num_features for m in network.norms] == [4, 6]
    network.train()({"image": torch.randint(0, 256, (5, 1, 28, 28), dtype=torch.uint8)})
    assert all(norm.num_batches_tracked == 1 for norm in network.norms)


@pytest.mark.parametrize(
    ("section", "found", "side"),
    [
        ({"blocks": [[2, 2]]}, "2 convolutions and 1 poolings", 6),
        ({"blocks": [[2, 2], [2]]}, "3 convolutions and 2 poolings", 12),
        ({"blocks": [[2, 2], [2]], "padding": "same"}, "3 convolutions and 2 poolings", 4),
    ],
)
def test_refuses_images_that_are_too_small(section: dict, found: str, side: int):
    wrong = ImageSpec(channels=1, height=side - 1, width=29)
    message = f"{found} of images {side - 1}×29; allowed: images from {side}×{side}, or fewer of them"
    with pytest.raises(ConfigError, match=re.escape(message)):
        _network(wrong, **section)
    network = _network(ImageSpec(channels=2, height=side, width=side + 1), **section)
    assert network({"image": torch.zeros(3, 2, side, side + 1, dtype=torch.uint8)}).shape == (3, 3)


@pytest.mark.parametrize("family", ["cnn", "resnet", "inception"])
def test_refuses_tables(family: str):
    message = f"""model.family "{family}" takes images, and the dataset's modality is "tabular\""""
    with pytest.raises(ConfigError, match=message):
        build_network(model_config("x", {"family": family}), DataSpec(inputs=TABLE, outputs=CLASSES), 0)
