"""A linear support vector machine on TF-IDF vectors (Joachims 1998), its margins calibrated to probabilities.

Calibration: a sigmoid fitted on held-out parts of train (Platt 1999), `ensemble=False`: one machine on all of train.
"""

from typing import Any

import numpy as np
from pydantic import PositiveFloat

from remint.config.specs import ClassesSpec, DataSpec, TextSpec
from remint.data.prepared import Prepared
from remint.errors import ConfigError
from remint.evaluation.estimators.base import Estimator, checked, written
from remint.evaluation.estimators.scikit import ScikitEstimator
from remint.evaluation.estimators.tfidf import TfidfParameters, after_tfidf

_PARTS = 5
"Held-out parts at most; a class of fewer rows than this makes it fewer."


class Parameters(TfidfParameters):
    """What a declaration may set."""

    c: PositiveFloat = 1.0
    "Weight of the errors against that of the margin."


def takes(spec: DataSpec) -> bool:
    """Texts with classes."""
    return isinstance(spec.inputs, TextSpec) and isinstance(spec.outputs, ClassesSpec)


def build(key: tuple[str, ...], parameters: dict[str, Any], spec: DataSpec) -> Estimator:  # noqa: ARG001
    """See `Kind`."""
    return TfidfSvm(key, checked(Parameters, key, parameters))


class TfidfSvm:
    """See `Estimator`."""

    def __init__(self, key: tuple[str, ...], options: Parameters) -> None:
        self._key, self._options = key, options

    def fit(self, prepared: Prepared) -> None:
        """See `Estimator`."""
        from sklearn.calibration import CalibratedClassifierCV
        from sklearn.svm import LinearSVC

        parts = self._parts(prepared)
        machine = CalibratedClassifierCV(LinearSVC(C=self._options.c, random_state=0), ensemble=False, cv=parts)
        self._fitted = ScikitEstimator(self._key, after_tfidf(self._options, machine), Prepared.texts)
        self._fitted.fit(prepared)

    def predict(self, prepared: Prepared, split: str) -> dict[str, np.ndarray]:
        """See `Estimator`."""
        return self._fitted.predict(prepared, split)

    def _parts(self, prepared: Prepared) -> int:
        classes, counts = np.unique(prepared.split("train")["target"], return_counts=True)
        outputs = prepared.spec.outputs
        if counts.min() < 2 and isinstance(outputs, ClassesSpec):
            rare = outputs.classes[classes[counts.argmin()]]
            raise ConfigError(f'{written(self._key)}: class "{rare}" has 1 row in train; allowed: at least 2')
        return int(min(_PARTS, counts.min()))
