"""The same answer to every row: class shares, the mean, or of a text how often each character occurs."""

from typing import Any

import numpy as np

from remint.config.specs import ClassesSpec, DataSpec, TokensSpec
from remint.data.prepared import Prepared
from remint.evaluation.estimators import n_gram
from remint.evaluation.estimators.base import Estimator
from remint.evaluation.estimators.scikit import ScikitEstimator, with_parameters


def takes(spec: DataSpec) -> bool:  # noqa: ARG001
    """All data can be used."""
    return True


def build(key: tuple[str, ...], parameters: dict[str, Any], spec: DataSpec) -> Estimator:
    """See `Kind`."""
    from sklearn import dummy

    if isinstance(spec.outputs, TokensSpec):
        return n_gram.unigram(key, parameters)
    classification = isinstance(spec.outputs, ClassesSpec)
    estimator = dummy.DummyClassifier(strategy="prior") if classification else dummy.DummyRegressor()
    return ScikitEstimator(key, with_parameters(key, estimator, parameters), _nothing)


def _nothing(prepared: Prepared, split: str) -> np.ndarray:
    return np.zeros((len(prepared.split(split)["target"]), 1), dtype=np.float32)
