"""A dataset's baselines, to hold every network against: fitted on the train split, scored on the test split."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from remint import progress
from remint.config.dataset import BaselineConfig
from remint.config.specs import ClassesSpec, OutputSpec
from remint.data.prepared import Prepared
from remint.evaluation.estimators.base import build_estimator
from remint.evaluation.metrics import compute_metrics
from remint.evaluation.tables import prediction_table

THREADS = 1
"Of BLAS and OpenMP; fixed, since it changes the bits, and one is as fast here as two, and faster on a busy machine."
_TASKS = {"classes": "classification", "number": "regression", "numbers": "forecasting", "tokens": "language_modelling"}


@dataclass(frozen=True)
class BaselineResults:
    """What came of a dataset's baselines."""

    metrics: dict[str, dict[str, float]]
    "Baseline to metrics of the test split."
    predictions: pd.DataFrame
    "`prediction_table` of each, one under the other, with the column `baseline` before."


def evaluate_baselines(dataset: str, prepared: Prepared, baselines: Mapping[str, BaselineConfig]) -> BaselineResults:
    """Fit each baseline on the train split and score it on the test split; the same data gives the same bits.

    Raises ConfigError for an estimator that is not made for the data, and for a parameter that cannot be set so.
    """
    from threadpoolctl import threadpool_limits

    outputs = prepared.spec.outputs
    estimators = {name: build_estimator(dataset, name, config, prepared.spec) for name, config in baselines.items()}
    rows, target = prepared.rows("test")["row"].to_numpy(), _target(prepared.split("test"))
    metrics: dict[str, dict[str, float]] = {}
    tables: list[pd.DataFrame] = []
    for done, (name, estimator) in enumerate(estimators.items()):
        progress.report("baselines", done, len(estimators))
        with threadpool_limits(limits=THREADS):
            estimator.fit(prepared)
            predicted = estimator.predict(prepared, "test")
        metrics[name] = compute_metrics(_TASKS[outputs.kind], target, predicted, _classes(outputs))
        tables.append(prediction_table(rows, target, predicted, outputs).assign(baseline=name))
    return BaselineResults(metrics, _stacked(tables))


def _target(arrays: Mapping[str, np.ndarray]) -> np.ndarray:
    return arrays["target"] if "target" in arrays else arrays["characters"]


def _classes(outputs: OutputSpec) -> tuple[str, ...]:
    return outputs.classes if isinstance(outputs, ClassesSpec) else ()


def _stacked(tables: list[pd.DataFrame]) -> pd.DataFrame:
    if not tables:
        return pd.DataFrame(columns=["baseline", "row", "target", "prediction"])
    together = pd.concat(tables, ignore_index=True)
    return together[["baseline", *(name for name in together.columns if name != "baseline")]]
