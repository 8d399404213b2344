"""Trained to convergence, a linear network is the estimator that scikit-learn fits in another way."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.datasets import load_breast_cancer, load_diabetes, load_iris, load_wine
from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge
from torch import Tensor

from remint.config.specs import ClassesSpec, DataSpec, NumberSpec, OutputSpec, TabularSpec
from remint.data.prepared import Prepared
from remint.data.rows import Rows, rows_of
from remint.evaluation.predict import predict
from remint.tasks.base import task
from tests.prepared import DIGITS, images, numbers, table, trained, write_prepared

CONVERGED = {"optimizer": "momentum", "momentum": 0.95, "batch_size": 300}


def test_logistic_regression_of_two_classes(tmp_path: Path):
    prepared = table(tmp_path / "d", train=300)
    c = 0.5
    expected = LogisticRegression(C=c, tol=1e-8, max_iter=1000).fit(*_train(prepared))
    # Two logits share the weight vector w as ±w/2, so that their squares sum to half of |w|².
    weights = trained(prepared, epochs=600, lr=0.3, l2=2 / (c * 300), **CONVERGED).weights
    found = (weights["linear.weight"][1] - weights["linear.weight"][0]).numpy()
    np.testing.assert_allclose(found, expected.coef_[0], atol=1e-3)
    np.testing.assert_allclose(np.diff(weights["linear.bias"].numpy()), expected.intercept_, atol=1e-3)


def test_multinomial_regression_on_images(tmp_path: Path):
    prepared = images(tmp_path / "d", train=300)
    expected = LogisticRegression(C=0.1, tol=1e-8, max_iter=1000).fit(*_train(prepared))
    result = trained(prepared, epochs=600, lr=0.1, l2=1 / (0.1 * 300), **CONVERGED)
    np.testing.assert_allclose(result.weights["linear.weight"].numpy(), expected.coef_, atol=1e-3)
    found = predict(result.network, _test_rows(prepared), task("classification", prepared.spec.outputs))
    probabilities = expected.predict_proba(prepared.matrix("test"))
    np.testing.assert_allclose(found["probabilities"], probabilities, atol=1e-3)


def test_linear_regression(tmp_path: Path):
    """One-hot columns beside a bias leave the weights open; the predictions are not."""
    prepared = numbers(tmp_path / "d", train=300)
    expected = LinearRegression().fit(*_train(prepared))
    result = trained(prepared, epochs=600, lr=0.05, **CONVERGED)
    found = predict(result.network, _test_rows(prepared), task("regression", prepared.spec.outputs))["value"]
    np.testing.assert_allclose(found, expected.predict(prepared.matrix("test")), atol=1e-2)
    numeric = result.weights["linear.weight"][0, :3].numpy() * prepared.spec.outputs.std
    np.testing.assert_allclose(numeric, expected.coef_[:3], atol=1e-2)


def test_ridge_regression(tmp_path: Path):
    prepared = numbers(tmp_path / "d", train=300)
    inputs, target = _train(prepared)
    outputs = prepared.spec.outputs
    expected = Ridge(alpha=3.0).fit(inputs, (target - outputs.mean) / outputs.std)
    result = trained(prepared, epochs=600, lr=0.05, l2=2 * 3.0 / 300, **CONVERGED)
    np.testing.assert_allclose(result.weights["linear.weight"][0].numpy(), expected.coef_, atol=1e-3)
    np.testing.assert_allclose(result.weights["linear.bias"].numpy(), expected.intercept_, atol=1e-3)


def test_linear_regression_on_diabetes(tmp_path: Path):
    """442 people, ten measures, two of them nearly alike (Efron et al. 2004): batches are the whole split."""
    inputs, target = load_diabetes(return_X_y=True)
    prepared = _numeric(tmp_path / "d", inputs, target, NumberSpec(mean=target.mean(), std=target.std()))
    expected = LinearRegression().fit(*_train(prepared))
    result = trained(prepared, epochs=250, lr=0.45, optimizer="momentum", momentum=0.84, batch_size=442)
    _same_line(result.weights, expected, prepared.spec.outputs)


def test_binary_logistic_regression_on_breast_cancer(tmp_path: Path):
    """569 tumours, thirty measures (Street et al. 1993)."""
    inputs, target = load_breast_cancer(return_X_y=True)
    prepared = _numeric(tmp_path / "d", inputs, target, ClassesSpec(classes=("malignant", "benign")))
    expected = LogisticRegression(C=0.1, tol=1e-8, max_iter=5000).fit(*_train(prepared))
    weights = _logistic(prepared, c=0.1, share=2)
    found = (weights["linear.weight"][1] - weights["linear.weight"][0]).numpy()
    np.testing.assert_allclose(found, expected.coef_[0], atol=1e-3)
    np.testing.assert_allclose(np.diff(weights["linear.bias"].numpy()), expected.intercept_, atol=1e-3)


@pytest.mark.parametrize("load", [load_iris, load_wine])
def test_multinomial_logistic_regression(tmp_path: Path, load: Callable[..., Any]):
    """150 flowers, 178 wines, three kinds each (Fisher 1936; Aeberhard et al. 1992)."""
    inputs, target = load(return_X_y=True)
    prepared = _numeric(tmp_path / "d", inputs, target, DIGITS)
    expected = LogisticRegression(C=1.0, tol=1e-8, max_iter=5000).fit(*_train(prepared))
    weights = _logistic(prepared, c=1.0, share=1)
    np.testing.assert_allclose(weights["linear.weight"].numpy(), expected.coef_, atol=1e-3)
    bias = weights["linear.bias"].numpy()
    np.testing.assert_allclose(bias - bias.mean(), expected.intercept_ - expected.intercept_.mean(), atol=1e-3)


def _numeric(folder: Path, inputs: np.ndarray, target: np.ndarray, outputs: OutputSpec) -> Prepared:
    """Give a table of standardised numbers; its three splits are the same rows."""
    standard = ((inputs - inputs.mean(0)) / inputs.std(0)).astype(np.float32)
    spec = TabularSpec(numeric=tuple(f"x{i}" for i in range(inputs.shape[1])), categories=())
    kind = np.float32 if isinstance(outputs, NumberSpec) else np.int64
    arrays = {"numeric": standard, "codes": np.zeros((len(target), 0), np.int64), "target": target.astype(kind)}
    splits = dict.fromkeys(("train", "val", "test"), arrays)
    return write_prepared(folder, DataSpec(inputs=spec, outputs=outputs), splits)


def _logistic(prepared: Prepared, c: float, share: int) -> dict[str, Tensor]:
    """Train to convergence with scikit-learn's penalty, 1 / (2·c) of the squared weights beside the summed loss."""
    rows = len(prepared.split("train")["target"])
    settings = {"optimizer": "momentum", "momentum": 0.95, "batch_size": rows}
    return trained(prepared, epochs=600, lr=0.3, l2=share / (c * rows), **settings).weights


def _same_line(weights: dict[str, Tensor], expected: LinearRegression, outputs: NumberSpec) -> None:
    """Compare in units of the target's standard deviation."""
    np.testing.assert_allclose(weights["linear.weight"][0].numpy(), expected.coef_ / outputs.std, atol=1e-3)
    intercept = (expected.intercept_ - outputs.mean) / outputs.std
    np.testing.assert_allclose(weights["linear.bias"].numpy(), [intercept], atol=1e-3)


def _test_rows(prepared: Prepared) -> Rows:
    return rows_of(prepared.split("test"), prepared.spec)


def _train(prepared):
    return prepared.matrix("train").astype(np.float64), prepared.split("train")["target"]
