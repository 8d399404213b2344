import numpy as np
import pytest
from scipy.special import logsumexp, softmax

from remint.training.temperature import fit_temperature


def _draw(temperature: float, rows: int = 20_000) -> tuple[np.ndarray, np.ndarray]:
    """Give logits, and classes drawn from softmax(logits / temperature)."""
    random = np.random.default_rng(0)
    logits = random.normal(0, 2, (rows, 4))
    chances = softmax(logits / temperature, axis=1).cumsum(axis=1)
    return logits, (random.random(rows)[:, None] > chances).sum(axis=1)


def _loss(logits: np.ndarray, target: np.ndarray, temperature: float) -> float:
    scaled = logits / temperature
    return float(np.mean(logsumexp(scaled, axis=1) - scaled[np.arange(len(target)), target]))


@pytest.mark.parametrize("temperature", [0.5, 1.0, 2.5])
def test_finds_the_temperature_that_the_classes_were_drawn_with(temperature: float):
    assert fit_temperature(*_draw(temperature)) == pytest.approx(temperature, rel=0.03)


def test_never_makes_the_loss_worse():
    for rows in (1, 2, 5, 50):
        logits, target = _draw(1.3, rows)
        assert _loss(logits, target, fit_temperature(logits, target)) <= _loss(logits, target, 1.0)


def test_sharpens_where_all_is_right():
    logits = np.eye(3)[[0, 1, 2]] * 5
    assert fit_temperature(logits, np.array([0, 1, 2])) < 0.5


def test_is_one_where_nothing_is_gained():
    assert fit_temperature(np.zeros((5, 2)), np.array([0, 1, 1, 0, 0])) == 1.0
