import math

import pytest
import torch
from torch.optim.lr_scheduler import CosineAnnealingLR, OneCycleLR, StepLR

from remint.config.experiment import ScheduleConfig, TrainerConfig
from remint.training.schedules import learning_rate

EPOCHS, STEPS_PER_EPOCH = 10, 7
STEPS = EPOCHS * STEPS_PER_EPOCH


def _rates(**schedule: object) -> list[float]:
    settings = TrainerConfig(epochs=EPOCHS, lr=0.2, schedule=ScheduleConfig.model_validate(schedule))
    return [learning_rate(settings, step, STEPS_PER_EPOCH) for step in range(STEPS)]


def _torch_rates(make, every: int = 1) -> list[float]:
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.2)
    scheduler, rates = make(optimizer), []
    for step in range(STEPS):
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        if (step + 1) % every == 0 and step + 1 < STEPS:
            scheduler.step()
    return rates


def test_constant():
    assert _rates() == [0.2] * STEPS


def test_cosine_is_torchs():
    assert _rates(name="cosine") == pytest.approx(_torch_rates(lambda o: CosineAnnealingLR(o, STEPS)))


def test_step_is_torchs():
    ours = _rates(name="step", step_epochs=3, gamma=0.5)
    assert ours == pytest.approx(_torch_rates(lambda o: StepLR(o, 3, 0.5), every=STEPS_PER_EPOCH))
    assert ours[-1] == pytest.approx(0.2 * 0.5**3)


def test_one_cycle_is_torchs():
    ours = _rates(name="one-cycle")
    assert ours == pytest.approx(_torch_rates(lambda o: OneCycleLR(o, 0.2, total_steps=STEPS, cycle_momentum=False)))
    assert max(ours) == pytest.approx(0.2)


@pytest.mark.parametrize("name", ["constant", "cosine", "step"])
def test_warm_up_rises_linearly_to_the_full_rate(name: str):
    rates = _rates(name=name, warmup=0.2)
    warmup = round(0.2 * STEPS)
    assert rates[:warmup] == pytest.approx([0.2 * (k + 1) / warmup for k in range(warmup)])
    assert rates[warmup] == pytest.approx(0.2)


def test_cosine_after_warm_up_spans_what_is_left():
    rates = _rates(name="cosine", warmup=0.2)
    warmup, left = 14, STEPS - 14
    assert rates[warmup:] == pytest.approx([0.1 * (1 + math.cos(math.pi * k / left)) for k in range(left)])


@pytest.mark.parametrize("epochs", [1, 2])
@pytest.mark.parametrize("name", ["constant", "cosine", "step", "one-cycle"])
def test_a_training_of_one_step_has_a_rate(name: str, epochs: int):
    settings = TrainerConfig(epochs=epochs, lr=0.2, schedule=ScheduleConfig(name=name, warmup=0.9))
    rates = [learning_rate(settings, step, 1) for step in range(epochs)]
    assert all(0 <= rate <= 0.2 for rate in rates)
    assert any(rate > 0 for rate in rates)
