from pathlib import Path

import pytest
import torch
from torch import nn

from remint.errors import ConfigError
from remint.models.base import model_config
from remint.models.resnet import PostBlock, PreBlock
from tests.unit.models import pictures
from tests.unit.models.pictures import network_of

SMALL = {"family": "resnet", "widths": [8, 12], "blocks": 2}
VARIANTS = [SMALL, {**SMALL, "activation": "pre"}, {**SMALL, "zero_last": True}, {**SMALL, "stride": 2, "blocks": 1}]


@pytest.mark.parametrize("section", VARIANTS)
def test_gives_a_row_an_image(section: dict):
    pictures.check_outputs(section)


@pytest.mark.parametrize("section", VARIANTS)
def test_guesses_before_training(section: dict):
    pictures.check_first_loss(section)


@pytest.mark.parametrize("section", VARIANTS)
def test_saved_and_loaded_gives_the_same_bits(tmp_path: Path, section: dict):
    pictures.check_saved(tmp_path / "x", section)


@pytest.mark.parametrize("section", VARIANTS)
def test_honours_initialisation_and_dropout(section: dict):
    pictures.check_drawn(section)
    pictures.check_dropout(section)


def test_has_the_layers_that_are_declared():
    network = network_of({"family": "resnet", "widths": [4, 6, 8], "blocks": 2})
    blocks = [m for m in network.modules() if isinstance(m, PostBlock)]
    first = [block.first.convolution for block in blocks]
    assert [(m.in_channels, m.out_channels, m.stride[0]) for m in first] == [
        *((4, 4, 1), (4, 4, 1), (4, 6, 2), (6, 6, 1), (6, 8, 2), (8, 8, 1))
    ]
    assert [isinstance(block.shortcut, nn.Identity) for block in blocks] == [True, True, False, True, False, True]
    assert network.output.in_features == 8


@pytest.mark.parametrize(
    ("block", "identity"), [(PostBlock(5, 5, 1, zero_last=True), torch.relu), (PreBlock(5, 5, 1), None)]
)
def test_a_block_without_a_branch_passes_its_inputs_on(block: nn.Module, identity):
    if isinstance(block, PreBlock):
        nn.init.zeros_(block.second.weight)
    x = torch.randn(3, 5, 6, 6)
    expected = x if identity is None else identity(x)
    assert torch.equal(block(x.clone()), expected)


@pytest.mark.parametrize(("before", "after", "stride"), [(5, 5, 1), (5, 7, 1), (5, 5, 2), (5, 7, 2)])
def test_blocks_compute_what_the_papers_tell(before: int, after: int, stride: int):
    x = torch.randn(3, before, 7, 7)
    post = PostBlock(before, after, stride, zero_last=False).eval()
    relu, norm, conv = torch.relu, post.first.norm, post.first.convolution
    branch = post.second.norm(post.second.convolution(relu(norm(conv(x)))))
    torch.testing.assert_close(post(x), relu(branch + post.shortcut(x)))
    pre = PreBlock(before, after, stride).eval()
    inner = relu(pre.norm(x))
    branch = pre.second(relu(pre.first.norm(pre.first.convolution(inner))))
    torch.testing.assert_close(pre(x.clone()), branch + (pre.shortcut(inner) if pre.shortcut else x))


def test_every_weight_learns():
    for section in VARIANTS:
        network = network_of(section).train()
        network({"image": pictures.draw(6)}).square().sum().backward()
        moved = {name for name, p in network.named_parameters() if p.grad is not None and p.grad.abs().sum() > 0}
        held = {name for name, _ in network.named_parameters()} - moved
        # Behind a scale of zero no gradient arrives in the first step.
        assert all(section.get("zero_last") and (".first." in name or ".second.conv" in name) for name in held)


def test_a_zero_that_would_never_learn_is_refused():
    with pytest.raises(ConfigError, match="zero_last is true with activation pre"):
        model_config("x", {**SMALL, "activation": "pre", "zero_last": True})
