"""Trained to convergence, a linear network is the estimator that scikit-learn fits in another way."""

from pathlib import Path

import numpy as np
from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge

from remint.evaluation.predict import predict
from remint.tasks.base import task
from tests.prepared import images, numbers, table, trained

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
    found = predict(result.network, prepared.split("test"), task("classification", prepared.spec.outputs))
    probabilities = expected.predict_proba(prepared.dense_matrix("test"))
    np.testing.assert_allclose(found["probabilities"], probabilities, atol=1e-3)


def test_linear_regression(tmp_path: Path):
    """One-hot columns beside a bias leave the weights open; the predictions are not."""
    prepared = numbers(tmp_path / "d", train=300)
    expected = LinearRegression().fit(*_train(prepared))
    result = trained(prepared, epochs=600, lr=0.05, **CONVERGED)
    found = predict(result.network, prepared.split("test"), task("regression", prepared.spec.outputs))["value"]
    np.testing.assert_allclose(found, expected.predict(prepared.dense_matrix("test")), atol=1e-2)
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


def _train(prepared):
    return prepared.dense_matrix("train").astype(np.float64), prepared.split("train")["target"]
