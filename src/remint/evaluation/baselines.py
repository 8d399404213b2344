"""scikit-learn estimators to hold every network against: fitted on the train split, scored on the test split."""

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from remint import paths, progress
from remint.config.dataset import BaselineConfig
from remint.config.messages import nearest
from remint.config.specs import ClassesSpec
from remint.data.prepared import Prepared
from remint.errors import ConfigError
from remint.evaluation.metrics import compute_metrics
from remint.evaluation.tables import prediction_table

THREADS = 1
"Of BLAS and OpenMP; fixed, since it changes the bits, and one is as fast here as two, and faster on a busy machine."
_FIXED = ("random_state", "n_jobs", "verbose", "warm_start")
"Parameters that a declaration may not set."


@dataclass(frozen=True)
class BaselineResults:
    """What came of a dataset's baselines."""

    metrics: dict[str, dict[str, float]]
    "Baseline to metrics of the test split."
    predictions: pd.DataFrame
    "`prediction_table` of each, one under the other, with the column `baseline` before."


def evaluate_baselines(dataset: str, prepared: Prepared, baselines: Mapping[str, BaselineConfig]) -> BaselineResults:
    """Fit each baseline on the train split and score it on the test split; the same data gives the same bits.

    Raises ConfigError for a parameter that the estimator does not have or take.
    """
    from threadpoolctl import threadpool_limits

    outputs = prepared.spec.outputs
    classes = outputs.classes if isinstance(outputs, ClassesSpec) else ()
    estimators = {name: build_estimator(dataset, name, config, bool(classes)) for name, config in baselines.items()}
    splits = {split: (prepared.dense_matrix(split), prepared.split(split)["target"]) for split in ("train", "test")}
    rows, target = prepared.rows("test")["row"].to_numpy(), splits["test"][1]
    metrics: dict[str, dict[str, float]] = {}
    tables: list[pd.DataFrame] = []
    for done, (name, estimator) in enumerate(estimators.items()):
        progress.report("baselines", done, len(estimators))
        with threadpool_limits(limits=THREADS):
            _fit(f"{_key(dataset, name)}", estimator, *splits["train"])
            predicted = _predict(estimator, splits["test"][0], len(classes))
        metrics[name] = compute_metrics("classification" if classes else "regression", target, predicted, classes)
        tables.append(prediction_table(rows, target, predicted, outputs).assign(baseline=name))
    return BaselineResults(metrics, _stacked(tables))


def build_estimator(dataset: str, name: str, config: BaselineConfig, classification: bool) -> Any:
    """Build the scikit-learn estimator of a baseline.

    Raises ConfigError for a parameter that it does not have.
    """
    estimator = _estimator(config.estimator, classification)
    allowed = sorted(set(estimator.get_params(deep=False)) - set(_FIXED))
    for key in config.parameters:
        if key not in allowed:
            raise ConfigError(
                f"{_key(dataset, name)}.parameters.{key} is not a parameter of {type(estimator).__name__}; "
                f"allowed: {', '.join(allowed)}{nearest(key, allowed)}"
            )
    return estimator.set_params(**config.parameters)


def _estimator(kind: str, classification: bool) -> Any:
    from sklearn import dummy, ensemble, linear_model

    if kind == "constant":
        return dummy.DummyClassifier(strategy="prior") if classification else dummy.DummyRegressor()
    if kind == "linear":
        return linear_model.LogisticRegression() if classification else linear_model.Ridge()
    if classification:
        return ensemble.HistGradientBoostingClassifier(random_state=0)
    return ensemble.HistGradientBoostingRegressor(random_state=0)


def _fit(key: str, estimator: Any, inputs: np.ndarray, target: np.ndarray) -> None:
    from sklearn.exceptions import ConvergenceWarning

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # max_iter is the declaration's to choose
        try:
            estimator.fit(inputs, target)
        except (ValueError, TypeError) as error:
            raise ConfigError(f"{key} cannot be fitted: {' '.join(str(error).split())}") from None


def _predict(estimator: Any, inputs: np.ndarray, size: int) -> dict[str, np.ndarray]:
    if not size:
        return {"value": np.asarray(estimator.predict(inputs), dtype=np.float64)}
    probabilities = np.zeros((len(inputs), size))
    probabilities[:, estimator.classes_] = estimator.predict_proba(inputs)
    return {"probabilities": probabilities / probabilities.sum(axis=1, keepdims=True)}


def _stacked(tables: list[pd.DataFrame]) -> pd.DataFrame:
    if not tables:
        return pd.DataFrame(columns=["baseline", "row", "target", "prediction"])
    together = pd.concat(tables, ignore_index=True)
    return together[["baseline", *(name for name in together.columns if name != "baseline")]]


def _key(dataset: str, name: str) -> str:
    return f"{paths.DATASETS_FILE}: datasets.{dataset}.baselines.{name}"
