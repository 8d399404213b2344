import math

import numpy as np
import pytest
from sklearn import metrics

from remint.evaluation import replicates
from remint.evaluation.bootstrap import resample
from remint.evaluation.metrics import compute_metrics, one_against_rest
from remint.evaluation.replicates import replicate_metrics
from tests.unit.evaluation.looked import classified, probabilities

CLOSE = {"rel": 1e-9, "abs": 1e-12}


def _weighted(target: np.ndarray, shares: np.ndarray, weight: np.ndarray) -> dict[str, float]:
    """By scikit-learn, with weights."""
    size, labels = shares.shape[1], shares.argmax(axis=1)
    classes = list(one_against_rest(target, size))
    every = np.arange(size)
    return {
        "accuracy": metrics.accuracy_score(target, labels, sample_weight=weight),
        "balanced_accuracy": metrics.balanced_accuracy_score(target, labels, sample_weight=weight),
        "macro_f1": metrics.f1_score(target, labels, average="macro", sample_weight=weight),
        "auroc": np.mean([metrics.roc_auc_score(m, shares[:, i], sample_weight=weight) for i, m in classes]),
        "auprc": np.mean([metrics.average_precision_score(m, shares[:, i], sample_weight=weight) for i, m in classes]),
        "log_loss": metrics.log_loss(target, shares, labels=every, sample_weight=weight),
        "brier": metrics.brier_score_loss(target, shares, labels=every, sample_weight=weight),
    }


@pytest.mark.parametrize("size", [2, 3, 5])
def test_classification_is_that_of_scikit_learn_with_weights_ties_included(size: int):
    scored, counts = classified(300, size), resample(300, 4, seed=1)
    found = replicate_metrics("classification", scored.target, scored.predicted, scored.classes, counts)
    assert len(np.unique(scored.predicted["probabilities"])) < 300 * (size - 1)
    for i, weight in enumerate(counts):
        expected = _weighted(scored.target, scored.predicted["probabilities"], weight)
        assert {name: values[i] for name, values in found.items() if name != "ece"} == pytest.approx(expected, **CLOSE)


@pytest.mark.parametrize("rows", [6, 40])
def test_replicates_are_what_the_metrics_of_the_rows_drawn_are_even_where_a_class_is_not_drawn(rows: int):
    scored, counts = classified(rows, 4, seed=3), resample(rows, 40, seed=0)
    found = replicate_metrics("classification", scored.target, scored.predicted, scored.classes, counts)
    for i, weight in enumerate(counts):
        expected = scored.part(np.repeat(np.arange(rows), weight)).metrics()
        assert {name: values[i] for name, values in found.items() if not math.isnan(values[i])} == pytest.approx(
            expected, rel=1e-9, abs=1e-6
        )


def test_regression_is_that_of_scikit_learn_with_weights():
    random = np.random.default_rng(0)
    target = 1e4 + random.normal(size=200)
    value, counts = target + random.normal(size=200) / 2, resample(200, 3, seed=0)
    found = replicate_metrics("regression", target, {"value": value}, (), counts)
    for i, weight in enumerate(counts):
        assert found["rmse"][i] == pytest.approx(
            metrics.root_mean_squared_error(target, value, sample_weight=weight), **CLOSE
        )
        assert found["mae"][i] == pytest.approx(
            metrics.mean_absolute_error(target, value, sample_weight=weight), **CLOSE
        )
        assert found["r2"][i] == pytest.approx(metrics.r2_score(target, value, sample_weight=weight), **CLOSE)


def test_numbers_that_are_all_alike_have_no_r2():
    target, counts = np.array([1.0, 2.0, 2.0]), np.array([[0, 1, 2], [1, 1, 1], [0, 0, 3]])
    found = replicate_metrics("regression", target, {"value": target + 1}, (), counts)["r2"]
    assert np.isnan(found).tolist() == [True, False, True]


def test_forecasts_are_drawn_by_the_window():
    random = np.random.default_rng(0)
    target = random.normal(size=(50, 3))
    values, counts = target + random.normal(size=(50, 3)), resample(50, 5, seed=0)
    found = replicate_metrics("forecasting", target, {"values": values}, (), counts)
    for i, weight in enumerate(counts):
        rows = np.repeat(np.arange(50), weight)
        expected = compute_metrics("forecasting", target[rows], {"values": values[rows]})
        assert {name: found[name][i] for name in found} == pytest.approx(expected, **CLOSE)


@pytest.mark.parametrize("tokenized", [True, False])
def test_language_modelling_is_drawn_by_the_text(tokenized: bool):
    random = np.random.default_rng(0)
    characters, nats = random.integers(5, 90, 50), random.gamma(20, size=50)
    predicted = {"nats": nats, **({"tokens": random.integers(2, 20, 50).astype(float)} if tokenized else {})}
    counts = resample(50, 5, seed=0)
    found = replicate_metrics("language_modelling", characters, predicted, (), counts)
    for i, weight in enumerate(counts):
        rows = np.repeat(np.arange(50), weight)
        drawn = {name: values[rows] for name, values in predicted.items()}
        assert {name: found[name][i] for name in found} == pytest.approx(
            compute_metrics("language_modelling", characters[rows], drawn), **CLOSE
        )


def test_a_perplexity_too_large_for_a_float_is_undefined():
    predicted = {"nats": np.array([1e6, 1.0]), "tokens": np.ones(2)}
    found = replicate_metrics("language_modelling", np.ones(2), predicted, (), np.array([[2, 0], [0, 2]]))
    assert np.isnan(found["perplexity"]).tolist() == [True, False]


def test_what_is_not_wanted_is_left_out_and_little_memory_changes_nothing(monkeypatch: pytest.MonkeyPatch):
    target, shares, counts = np.arange(30) % 3, probabilities(30, 3), resample(30, 20, seed=0)
    whole = replicate_metrics("classification", target, {"probabilities": shares}, "abc", counts)
    monkeypatch.setattr(replicates, "MEMORY", 8 * 30 * 7)
    parts = replicate_metrics("classification", target, {"probabilities": shares}, "abc", counts, {"auroc", "ece"})
    assert parts.keys() == {"auroc", "ece"}
    for name, values in parts.items():
        assert values == pytest.approx(whole[name], **CLOSE)
