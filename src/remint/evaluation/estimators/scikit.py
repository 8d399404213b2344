"""Baselines that scikit-learn has."""

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from remint.config.messages import nearest
from remint.config.specs import ClassesSpec, NumbersSpec
from remint.data.prepared import Prepared
from remint.errors import ConfigError
from remint.evaluation.estimators.base import written

_FIXED = ("random_state", "n_jobs", "verbose", "warm_start")
"Parameters that a declaration may not set."


class ScikitEstimator:
    """See `Estimator`; `inputs` gives what the scikit-learn estimator takes of a split."""

    def __init__(self, key: tuple[str, ...], estimator: Any, inputs: Callable[[Prepared, str], Any]) -> None:
        self._key, self._estimator, self._inputs = key, estimator, inputs

    def fit(self, prepared: Prepared) -> None:
        """See `Estimator`."""
        from sklearn.exceptions import ConvergenceWarning

        inputs, target = self._inputs(prepared, "train"), prepared.split("train")["target"]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)  # max_iter is the declaration's to choose
            try:
                self._estimator.fit(inputs, target)
            except (ValueError, TypeError) as error:
                raise ConfigError(f"{written(self._key)} cannot be fitted: {' '.join(str(error).split())}") from None

    def predict(self, prepared: Prepared, split: str) -> dict[str, np.ndarray]:
        """See `Estimator`."""
        inputs, outputs = self._inputs(prepared, split), prepared.spec.outputs
        if not isinstance(outputs, ClassesSpec):
            values = np.asarray(self._estimator.predict(inputs), dtype=np.float64)
            return {"values" if isinstance(outputs, NumbersSpec) else "value": values}
        found = self._estimator.predict_proba(inputs)
        probabilities = np.zeros((len(found), outputs.size))
        probabilities[:, self._estimator.classes_] = found
        return {"probabilities": probabilities / probabilities.sum(axis=1, keepdims=True)}


def with_parameters(
    key: tuple[str, ...], estimator: Any, parameters: dict[str, Any], others: tuple[str, ...] = ()
) -> Any:
    """Set the parameters of a scikit-learn estimator, and 0 as the seed of one that draws; give it back.

    Raises ConfigError for a parameter that it does not have; `others` are allowed beside them.
    """
    own = estimator.get_params(deep=False)
    allowed = sorted({*own, *others} - set(_FIXED))
    for name in parameters:
        if name not in allowed:
            raise ConfigError(
                f"{written(key)}.parameters.{name} is not a parameter of {type(estimator).__name__}; "
                f"allowed: {', '.join(allowed)}{nearest(name, allowed)}"
            )
    seed = {"random_state": 0} if "random_state" in own else {}
    return estimator.set_params(**seed, **{name: value for name, value in parameters.items() if name not in others})
