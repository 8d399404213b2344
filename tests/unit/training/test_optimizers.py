import math

import pytest
import torch
from torch import nn

from remint.config.experiment import TrainerConfig
from remint.training.optimizers import build_optimizer, l1_penalty, weights

LR, L2 = 0.1, 0.5


def _layer() -> nn.Linear:
    layer = nn.Linear(2, 1)
    with torch.no_grad():
        layer.weight.copy_(torch.tensor([[1.0, -2.0]]))
        layer.bias.fill_(3.0)
    return layer


def _after(steps: int, gradient: float, **settings: object) -> tuple[list[float], float]:
    layer = _layer()
    optimizer = build_optimizer(layer, TrainerConfig.model_validate({"lr": LR, **settings}))
    for _ in range(steps):
        for parameter in layer.parameters():
            parameter.grad = torch.full_like(parameter, gradient)
        optimizer.step()
    return layer.weight.flatten().tolist(), layer.bias.item()


def test_sgd_steps_down_the_gradient():
    assert _after(2, 1.0, optimizer="sgd") == (pytest.approx([0.8, -2.2]), pytest.approx(2.8))


def test_momentum_gathers_speed():
    (first, _), _ = _after(2, 1.0, optimizer="momentum", momentum=0.5)
    assert first == pytest.approx(1.0 - LR * (1 + 1.5))


def test_adam_moves_by_the_rate_at_first():
    (first, second), bias = _after(1, 7.0, optimizer="adam")
    assert (first, second, bias) == pytest.approx((0.9, -2.1, 2.9), abs=1e-6)


@pytest.mark.parametrize("optimizer", ["sgd", "momentum"])
def test_l2_is_in_the_gradient_and_leaves_biases_out(optimizer: str):
    found, bias = _after(1, 0.0, optimizer=optimizer, l2=L2)
    assert found == pytest.approx([1.0 - LR * L2, -2.0 + LR * L2 * 2])
    assert bias == 3.0


def test_l2_of_adam_is_in_the_gradient():
    # Coupled decay passes through Adam's normalisation: a first step of lr whatever its size.
    found, bias = _after(1, 0.0, optimizer="adam", l2=L2)
    assert found == pytest.approx([0.9, -1.9], abs=1e-6)
    assert bias == 3.0


def test_l2_of_adamw_is_decoupled():
    found, bias = _after(3, 0.0, optimizer="adamw", l2=L2)
    assert found == pytest.approx([(1 - LR * L2) ** 3, -2 * (1 - LR * L2) ** 3])
    assert bias == 3.0


def test_l1_is_the_sum_of_absolute_weights_without_biases():
    layer = _layer()
    assert l1_penalty(weights(layer)).item() == pytest.approx(3.0)


def test_a_network_without_weights_or_without_biases_has_an_optimizer():
    assert len(build_optimizer(nn.Linear(2, 1, bias=False), TrainerConfig()).param_groups) == 1
    assert len(build_optimizer(nn.BatchNorm1d(2), TrainerConfig()).param_groups) == 1
    assert math.isclose(build_optimizer(_layer(), TrainerConfig(lr=0.25)).param_groups[0]["lr"], 0.25)
