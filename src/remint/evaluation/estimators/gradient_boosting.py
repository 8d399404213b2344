"""Gradient-boosted trees on histograms (as Ke et al. 2017, LightGBM)."""

from typing import Any

from remint.config.specs import ClassesSpec, DataSpec, ImageSpec, TabularSpec
from remint.data.prepared import WIDE, Prepared
from remint.evaluation.estimators.base import Estimator
from remint.evaluation.estimators.scikit import ScikitEstimator, with_parameters


def takes(spec: DataSpec) -> bool:
    """Images, and tables that are not too wide for a dense matrix."""
    if isinstance(spec.inputs, TabularSpec):
        return len(spec.inputs.numeric) + sum(column.codes - 1 for column in spec.inputs.categories) < WIDE
    return isinstance(spec.inputs, ImageSpec)


def build(key: tuple[str, ...], parameters: dict[str, Any], spec: DataSpec) -> Estimator:
    """See `Kind`."""
    from sklearn import ensemble

    classification = isinstance(spec.outputs, ClassesSpec)
    kind = ensemble.HistGradientBoostingClassifier if classification else ensemble.HistGradientBoostingRegressor
    return ScikitEstimator(key, with_parameters(key, kind(), parameters), Prepared.matrix)
