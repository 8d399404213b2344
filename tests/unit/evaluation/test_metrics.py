import math
import typing

import numpy as np
import pytest

from remint.config.metrics import HIGHER_IS_BETTER, METRICS, Metric
from remint.evaluation.metrics import compute_metrics, confidence_bins


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
            "auprc": 1 / 2,
            "log_loss": -np.log([0.9, 0.8, 0.3, 0.6]).mean(),
            "brier": (0.01 + 0.04 + 0.49 + 0.16) / 4,
            "ece": (0.1 + 0.2 + 0.7 + 0.4) / 4,
        }
    )


def test_three_classes_average_one_against_the_rest():
    found = _classified([0, 1, 2], [[0.6, 0.3, 0.1], [0.2, 0.5, 0.3], [0.1, 0.6, 0.3]])
    assert found["auroc"] == pytest.approx((1 + 1 / 2 + 3 / 4) / 3)
    assert found["auprc"] == pytest.approx((1 + 1 / 2 + 1 / 2) / 3)
    assert found["accuracy"] == pytest.approx(2 / 3)


def test_the_brier_score_of_three_classes_sums_them_up():
    found = _classified([0, 1, 2], [[0.6, 0.3, 0.1], [0.2, 0.5, 0.3], [0.0, 1.0, 0.0]])
    assert found["brier"] == pytest.approx((0.26 + 0.38 + 2) / 3)


def test_calibration_is_held_against_the_predicted_class_bin_by_bin():
    sure, unsure = [[0.9, 0.1]] * 4, [[0.35, 0.65]] * 2
    found = _classified([0, 0, 0, 1, 1, 0], sure + unsure)
    assert found["ece"] == pytest.approx(4 / 6 * 0.15 + 2 / 6 * 0.15, abs=1e-6)
    assert _classified([0, 1], [[1.0, 0.0], [0.0, 1.0]])["ece"] == pytest.approx(0, abs=1e-6)


def test_a_confidence_of_one_is_in_the_last_bin():
    _, bins = confidence_bins(np.array([[1.0, 0.0], [0.04, 0.96], [0.5, 0.5]]))
    assert bins.tolist() == [14, 14, 7]
    found = _classified([0, 1, 1], [[1.0, 0.0], [0.95, 0.05], [0.05, 0.95]])
    assert found["ece"] == pytest.approx(2.9 / 3 - 2 / 3, abs=1e-6)


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


def test_forecasts_count_each_step_alike():
    target, values = np.array([[1.0, 2.0], [6.0, 3.0]], dtype=np.float32), np.array([[2.0, 2.0], [4.0, 3.0]])
    found = compute_metrics("forecasting", target, {"values": values})
    assert found == pytest.approx({"rmse": math.sqrt(5 / 4), "mae": 3 / 4, "r2": 1 - 5 / 14})


def test_language_modelling_by_hand():
    nats = np.array([8.0, 4.0]) * math.log(2)
    found = compute_metrics("language_modelling", np.array([5, 1]), {"nats": nats, "tokens": np.array([2.0, 1.0])})
    assert found == pytest.approx({"bits_per_character": 2.0, "perplexity": 16.0})
    alone = compute_metrics("language_modelling", np.array([5, 1]), {"nats": nats})
    assert alone == pytest.approx({"bits_per_character": 2.0})


def test_a_perplexity_too_large_for_a_float_is_left_out():
    found = compute_metrics("language_modelling", np.array([1]), {"nats": np.array([1e6]), "tokens": np.array([1.0])})
    assert found.keys() == {"bits_per_character"}


def test_every_task_declares_the_metrics_it_has():
    two, numbers = np.array([[1.0, 2.0], [6.0, 3.0]]), np.array([1.0, 2.0])
    found = {
        "classification": _classified([0, 1], [[0.6, 0.4], [0.3, 0.7]]),
        "regression": compute_metrics("regression", numbers, {"value": numbers}),
        "forecasting": compute_metrics("forecasting", two, {"values": two}),
        "language_modelling": compute_metrics(
            "language_modelling", np.array([1]), {"nats": np.ones(1), "tokens": np.ones(1)}
        ),
    }
    assert {task: set(metrics) for task, metrics in found.items()} == {t: set(names) for t, names in METRICS.items()}


def test_every_metric_tells_whether_higher_is_better():
    assert set(HIGHER_IS_BETTER) == set(typing.get_args(Metric))
    lower = {name for name, higher in HIGHER_IS_BETTER.items() if not higher}
    assert lower == {"log_loss", "brier", "ece", "rmse", "mae", "bits_per_character", "perplexity"}
