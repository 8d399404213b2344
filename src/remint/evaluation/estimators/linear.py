"""Logistic regression of classes, ridge regression of numbers: on a matrix, a text's TF-IDF, or a window's lags."""

from typing import Any

from remint.config.specs import ClassesSpec, DataSpec, TextSpec, TokensSpec
from remint.data.prepared import Prepared
from remint.evaluation.estimators.base import Estimator, checked
from remint.evaluation.estimators.scikit import ScikitEstimator, with_parameters
from remint.evaluation.estimators.tfidf import TfidfParameters, after_tfidf


def takes(spec: DataSpec) -> bool:
    """Language modelling is not linear regression."""
    return not isinstance(spec.outputs, TokensSpec)


def build(key: tuple[str, ...], parameters: dict[str, Any], spec: DataSpec) -> Estimator:
    """See `Kind`. Texts take the parameters of TF-IDF, too."""
    from sklearn import linear_model

    classification, text = isinstance(spec.outputs, ClassesSpec), isinstance(spec.inputs, TextSpec)
    plain = linear_model.LogisticRegression() if classification else linear_model.Ridge()
    others = tuple(TfidfParameters.model_fields) if text else ()
    estimator = with_parameters(key, plain, parameters, others)
    if not text:
        return ScikitEstimator(key, estimator, Prepared.matrix)
    options = checked(TfidfParameters, key, {name: parameters[name] for name in others if name in parameters})
    return ScikitEstimator(key, after_tfidf(options, estimator), Prepared.texts)
