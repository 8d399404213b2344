import math

import numpy as np
import pytest

from remint.evaluation.metrics import HIGHER_IS_BETTER, compute_metrics


def _classified(target: list[int], probabilities: list[list[float]]) -> dict[str, float]:
    classes = [str(i) for i in range(len(probabilities[0]))]
    return compute_metrics("classification", np.array(target), {"probabilities": np.array(probabilities)}, classes)


def test_two_classes_by_hand():
    found = _classified([0, 0, 0, 1], [[0.9, 0.1], [0.8, 0.2], [0.3, 0.7], [0.4, 0.6]])
    assert found == pytest.approx(
        {
            "accuracy": 3 / 4,
            "balanced_accuracy": (2 / 3 + 1) / 2,
            "macro_f1": (4 / 5 + 2 / 3) / 2,
            "auroc": 2 / 3,
            "log_loss": -np.log([0.9, 0.8, 0.3, 0.6]).mean(),
        }
    )


def test_three_classes_average_one_against_the_rest():
    found = _classified([0, 1, 2], [[0.6, 0.3, 0.1], [0.2, 0.5, 0.3], [0.1, 0.6, 0.3]])
    assert found["auroc"] == pytest.approx((1 + 1 / 2 + 3 / 4) / 3)
    assert found["accuracy"] == pytest.approx(2 / 3)


def test_what_is_undefined_is_left_out_and_nothing_is_nan():
    found = _classified([1, 1], [[0.4, 0.6], [0.3, 0.7]])
    assert "auroc" not in found
    assert found["accuracy"] == 1.0
    found = _classified([0, 2], [[0.8, 0.1, 0.1], [0.1, 0.1, 0.8]])
    assert found["auroc"] == 1.0
    assert found["balanced_accuracy"] == 1.0
    single = compute_metrics("regression", np.array([1.0]), {"value": np.array([2.0])})
    assert single == {"rmse": 1.0, "mae": 1.0}


def test_regression_by_hand():
    found = compute_metrics("regression", np.array([1.0, 2.0, 6.0]), {"value": np.array([2.0, 2.0, 4.0])})
    assert found == pytest.approx({"rmse": math.sqrt(5 / 3), "mae": 1.0, "r2": 1 - 5 / 14})


def test_every_metric_tells_whether_higher_is_better():
    names = {*_classified([0, 1], [[0.6, 0.4], [0.3, 0.7]])}
    names |= {*compute_metrics("regression", np.array([1.0, 2.0]), {"value": np.array([2.0, 2.0])})}
    assert names == set(HIGHER_IS_BETTER)
    assert {name for name, higher in HIGHER_IS_BETTER.items() if not higher} == {"log_loss", "rmse", "mae"}
