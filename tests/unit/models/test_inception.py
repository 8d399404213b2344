import re
from pathlib import Path

import pytest
import torch
from torch import nn
from torch.nn import functional

from remint.config.specs import DataSpec, ImageSpec
from remint.errors import ConfigError
from remint.models.base import build_network, model_config
from remint.models.inception import InceptionBlock
from tests.unit.models import pictures
from tests.unit.models.pictures import network_of

SMALL = {"family": "inception", "stem": 8, "stages": [[16, 24], [32]]}


def test_gives_a_row_an_image():
    pictures.check_outputs(SMALL)


def test_guesses_before_training():
    pictures.check_first_loss(SMALL)


def test_saved_and_loaded_gives_the_same_bits(tmp_path: Path):
    pictures.check_saved(tmp_path / "x", SMALL)


def test_honours_initialisation_and_dropout():
    pictures.check_drawn(SMALL)
    pictures.check_dropout(SMALL)


def test_has_the_layers_that_are_declared():
    network = network_of(SMALL)
    kinds = [type(layer).__name__ for layer in network.stages]
    assert kinds == ["MaxPool2d", "InceptionBlock", "InceptionBlock", "MaxPool2d", "InceptionBlock"]
    widths = [block.three.convolution.out_channels * 2 for block in network.stages if isinstance(block, InceptionBlock)]
    assert widths == [16, 24, 32]
    assert network.output.in_features == 32


def _dealt(layer: nn.Module, start: int, stop: int, x: torch.Tensor) -> torch.Tensor:
    """Give some channels of a convolution with batch norm and ReLU, as a layer of its own would give them."""
    norm, weight = layer.norm, layer.convolution.weight[start:stop]
    place = slice(start, stop)
    normed = functional.batch_norm(
        functional.conv2d(x, weight),
        norm.running_mean[place],
        norm.running_var[place],
        norm.weight[place],
        norm.bias[place],
    )
    return torch.relu(normed)


def test_a_block_computes_its_four_branches_side_by_side():
    block = InceptionBlock(6, 16).train()
    for _ in range(3):
        block(torch.randn(8, 6, 9, 9))
    block.eval()
    x = torch.randn(2, 6, 9, 9)
    expected = [
        _dealt(block.pointwise, 0, 4, x),
        block.three(_dealt(block.pointwise, 4, 10, x)),
        block.five(_dealt(block.pointwise, 10, 12, x)),
        block.pooled(functional.max_pool2d(x, 3, stride=1, padding=1)),
    ]
    assert [part.shape[1] for part in expected] == [4, 8, 2, 2]
    torch.testing.assert_close(block(x), torch.cat(expected, dim=1), rtol=1e-4, atol=1e-5)


def test_refuses_images_that_are_too_small_for_the_poolings():
    config = model_config("x", {"family": "inception", "stages": [[8], [8], [8]]})
    message = "3 poolings of images 7×20; allowed: images from 8×8, or fewer stages"
    with pytest.raises(ConfigError, match=re.escape(message)):
        build_network(config, DataSpec(inputs=ImageSpec(channels=1, height=7, width=20), outputs=pictures.CLASSES), 0)
    smallest = DataSpec(inputs=ImageSpec(channels=1, height=8, width=8), outputs=pictures.CLASSES)
    assert build_network(config, smallest, 0)({"image": torch.zeros(2, 1, 8, 8)}).shape == (2, 10)


def test_widths_that_cannot_be_shared_out_are_refused():
    with pytest.raises(ConfigError, match=re.escape("model.stages.0.0 is 20")):
        model_config("x", {"family": "inception", "stages": [[20]]})
