"""What the tests of the image families share."""

import math
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from remint.config.specs import ClassesSpec, DataSpec, ImageSpec
from remint.models.base import build_network, model_config
from remint.models.store import load_network, save_network

CLASSES = ClassesSpec(classes=tuple("abcdefghij"))
COLOURED = ImageSpec(channels=3, height=16, width=13)
SPEC = DataSpec(inputs=COLOURED, outputs=CLASSES)


def network_of(section: dict[str, Any], seed: int = 0) -> nn.Module:
    """Build a network for coloured images of 16×13 and ten classes."""
    return build_network(model_config("x", section), SPEC, seed)


def draw(count: int, seed: int = 0) -> Tensor:
    """Draw coloured images of 16×13."""
    generator = torch.Generator().manual_seed(seed)
    return torch.randint(0, 256, (count, 3, 16, 13), dtype=torch.uint8, generator=generator)


def check_outputs(section: dict[str, Any]) -> None:
    """Each image gives ten numbers, whatever is beside it, in whatever order and type."""
    network, image = network_of(section).eval(), draw(12)
    outputs = network({"image": image})
    assert outputs.shape == (12, 10)
    order = torch.randperm(12)
    torch.testing.assert_close(network({"image": image[order]}), outputs[order])
    torch.testing.assert_close(network({"image": image[:1]}), outputs[:1])
    assert torch.equal(network({"image": image.float()}), outputs)


def check_first_loss(section: dict[str, Any]) -> None:
    """Before training the loss is about that of guessing, ln 10, with the batch's own statistics, too."""
    for mode in (True, False):
        network = network_of(section).train(mode)
        loss = functional.cross_entropy(network({"image": draw(200)}), torch.arange(200) % 10)
        assert abs(loss.item() / math.log(10) - 1) < 0.2


def check_saved(folder: Path, section: dict[str, Any]) -> None:
    """A network whose running statistics have moved gives the same bits when it is saved and loaded."""
    network, image = network_of(section).train(), draw(20)
    network({"image": image})
    assert any(name.endswith("running_var") and (value != 1).all() for name, value in network.state_dict().items())
    folder.mkdir()
    save_network(folder, network.state_dict(), "classification", section, SPEC)
    loaded, _, _ = load_network(folder)
    assert torch.equal(loaded({"image": image}), network.eval()({"image": image}))


def check_drawn(section: dict[str, Any]) -> None:
    """Convolutions and the output honour `initialisation`, and convolutions before batch norm have no biases."""
    network = network_of({**section, "initialisation": "normal"})
    weights = torch.cat([m.weight.detach().flatten() for m in network.modules() if isinstance(m, nn.Conv2d)])
    assert abs(weights.std().item() / 0.02 - 1) < 4 / math.sqrt(2 * len(weights))
    assert (network.output.bias == 0).all()
    assert all(m.bias is None for m in network.modules() if isinstance(m, nn.Conv2d))
    first, same, other = (network_of(section, seed).state_dict() for seed in (0, 0, 1))
    assert all(torch.equal(first[name], same[name]) for name in first)
    assert not torch.equal(first["output.weight"], other["output.weight"])


def check_dropout(section: dict[str, Any]) -> None:
    """Dropout is before the output: with everything else fixed, training mode makes outputs vary."""
    network, image = network_of({**section, "dropout": 0.5}).train(), draw(6)
    for norm in network.modules():
        if isinstance(norm, nn.BatchNorm2d):
            norm.eval()
    assert not torch.equal(network({"image": image}), network({"image": image}))
    without = network_of(section)
    assert torch.equal(without.eval()({"image": image}), network.eval()({"image": image}))
