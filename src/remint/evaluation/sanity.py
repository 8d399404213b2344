"""Is a score too good, or no better than saying always the same? Duplicates, single features, constant predictions."""

from typing import Any

import numpy as np

from remint.config.specs import ClassesSpec, TokensSpec
from remint.data.prepared import Prepared
from remint.evaluation.bootstrap import rounded
from remint.evaluation.duplicates import duplicate_findings
from remint.evaluation.metrics import compute_metrics
from remint.evaluation.scored import Scored
from remint.evaluation.single_features import single_features


def sanity_findings(prepared: Prepared, scored: Scored) -> dict[str, Any]:
    """Give what `sanity.json` holds.

    `duplicates`: see `duplicate_findings`. `single_features`: see there. `constant`: the metrics, on the test split, of
    the best constant prediction known from the train split.
    """
    return {
        "duplicates": duplicate_findings(prepared),
        "single_features": [
            {"feature": name, "strength": rounded(strength)} for name, strength in single_features(prepared)
        ],
        "constant": constant_metrics(prepared, scored),
    }


def constant_metrics(prepared: Prepared, scored: Scored) -> dict[str, float | None]:
    """Give the metrics of always saying the same: the classes' shares of the train split, or the train mean.

    A text has no constant prediction worth the name; there are none for language modelling.
    """
    if isinstance(scored.spec.outputs, TokensSpec):
        return {}
    train, rows = prepared.split("train")["target"], len(scored)
    if isinstance(scored.spec.outputs, ClassesSpec):
        shares = np.bincount(train, minlength=len(scored.classes)) / len(train)
        predicted = {"probabilities": np.tile(shares, (rows, 1))}
    else:
        name = "values" if scored.task == "forecasting" else "value"
        predicted = {name: np.full(scored.target.shape, train.mean(dtype=np.float64))}
    found = compute_metrics(scored.task, scored.target, predicted, scored.classes)
    return {name: rounded(value) for name, value in found.items()}
