"""Are groups of people treated alike? Point values by fairlearn, intervals by the bootstrap."""

from typing import Any

import numpy as np
import pandas as pd

from remint import paths
from remint.config.evaluation import EvaluationConfig
from remint.errors import ConfigError
from remint.evaluation.bootstrap import Interval, interval, rounded, scored_counts
from remint.evaluation.replicates import drawn_sums
from remint.evaluation.scored import Scored
from remint.evaluation.slice_values import MISSING

DIFFERENCES = ("demographic_parity_difference", "equalized_odds_difference")
_RATES = ("selection_rate", "true_positive_rate", "false_positive_rate")


def fairness_findings(scored: Scored, config: EvaluationConfig) -> dict[str, Any]:
    """Give the rates of each group of each sensitive column, and how far they lie apart: `fairness.json`.

    selection_rate: share of the group that the positive class is predicted of; true (false) positive rate: that share
    among those of whom it is (not) true. demographic_parity_difference: the largest selection rate minus the smallest;
    equalized_odds_difference: the same of the true or the false positive rates, whichever lie further apart. As
    fairlearn has it, a group without positives has a true positive rate of 0, one without negatives a false one of 0.

    A group of fewer than `smallest_slice` rows is told, but left out of the differences, and named in `left_out`: the
    rate of three people is 0, 1/3, 2/3 or 1, and a difference to it is noise. Where fewer than two groups remain, the
    differences are null. People without a value are a group, "missing". Raises ConfigError for a column that the rows
    lack, for a positive class that there is not, and where there are more than two classes and none is named.
    """
    positive = positive_class(scored, config)
    actual = (scored.target == positive).astype(np.int64)
    selected = (scored.predicted["probabilities"].argmax(axis=1) == positive).astype(np.int64)
    counts = scored_counts(scored, config.replicates)
    columns = {
        column: _column(_groups(scored, column), actual, selected, counts, config.smallest_slice)
        for column in config.sensitive
    }
    return {"positive": scored.classes[positive], "columns": columns}


def positive_class(scored: Scored, config: EvaluationConfig) -> int:
    """Give the index of the positive class. Raises ConfigError."""
    classes, key = scored.classes, f"{paths.DATASETS_FILE}: evaluation"
    allowed = ", ".join(f'"{name}"' for name in classes)
    if not classes:
        raise ConfigError(f"{key}.sensitive: the target is {scored.spec.outputs.noun}; allowed: a category")
    if config.positive is not None and config.positive not in classes:
        raise ConfigError(f'{key}.positive is "{config.positive}"; allowed: {allowed}')
    if config.positive is None and len(classes) != 2:
        raise ConfigError(f"{key}.positive is missing, and there are {len(classes)} classes; allowed: {allowed}")
    return 1 if config.positive is None else classes.index(config.positive)


def replicate_differences(
    groups: np.ndarray, actual: np.ndarray, selected: np.ndarray, counts: np.ndarray
) -> dict[str, np.ndarray]:
    """Give both differences of each replicate (float64), as fairlearn gives them with `sample_weight`.

    `groups` are names (N), `actual` and `selected` are 0 or 1 (N), `counts` is replicates×N. NaN where a group was not
    drawn at all.
    """
    rates = np.stack(
        [
            _replicate_rates(counts[:, groups == g], actual[groups == g], selected[groups == g])
            for g in np.unique(groups)
        ]
    )
    apart = rates.max(axis=0) - rates.min(axis=0)
    return {DIFFERENCES[0]: apart[0], DIFFERENCES[1]: np.maximum(apart[1], apart[2])}


def _replicate_rates(counts: np.ndarray, actual: np.ndarray, selected: np.ndarray) -> np.ndarray:
    """Give the three rates of a group (float64, 3×replicates)."""
    values = np.stack([np.ones(len(actual)), selected, actual, selected & actual], axis=1)
    drawn, chosen, positives, found = drawn_sums(counts, values).T
    negatives, wrong = drawn - positives, chosen - found
    with np.errstate(invalid="ignore", divide="ignore"):
        rates = np.stack(
            [
                chosen / drawn,
                np.where(positives > 0, found / positives, 0),
                np.where(negatives > 0, wrong / negatives, 0),
            ]
        )
    return np.where(drawn > 0, rates, np.nan)


def _column(
    groups: np.ndarray, actual: np.ndarray, selected: np.ndarray, counts: np.ndarray, smallest: int
) -> dict[str, Any]:
    names, sizes = np.unique(groups, return_counts=True)
    kept = np.isin(groups, names[sizes >= smallest])
    part = groups[kept], actual[kept], selected[kept]
    return {
        **_differences(*part, counts[:, kept]),
        "groups": _rates(groups, actual, selected),
        "left_out": names[sizes < smallest].tolist(),
    }


def _differences(
    groups: np.ndarray, actual: np.ndarray, selected: np.ndarray, counts: np.ndarray
) -> dict[str, Interval]:
    from fairlearn import metrics

    if len(np.unique(groups)) < 2:
        return {name: {"value": None, "low": None, "high": None} for name in DIFFERENCES}
    drawn = replicate_differences(groups, actual, selected, counts)
    values = {name: getattr(metrics, name)(actual, selected, sensitive_features=groups) for name in DIFFERENCES}
    return {name: interval(float(value), drawn[name]) for name, value in values.items()}


def _rates(groups: np.ndarray, actual: np.ndarray, selected: np.ndarray) -> dict[str, dict[str, Any]]:
    from fairlearn import metrics

    asked = {name: getattr(metrics, name) for name in _RATES}
    frame = metrics.MetricFrame(
        metrics={"rows": metrics.count, **asked}, y_true=actual, y_pred=selected, sensitive_features=groups
    ).by_group
    return {
        str(group): {"rows": int(found["rows"]), **{name: rounded(float(found[name])) for name in _RATES}}
        for group, found in frame.iterrows()
    }


def _groups(scored: Scored, column: str) -> np.ndarray:
    """Give each row's group by name."""
    if column not in scored.rows:
        others = ", ".join(f'"{other}"' for other in scored.rows if other not in ("split", "row"))
        raise ConfigError(f'{paths.DATASETS_FILE}: evaluation.sensitive names "{column}"; allowed: {others}')
    values: pd.Series[Any] = scored.rows[column]
    return np.array([MISSING if missing else str(value) for value, missing in zip(values, values.isna(), strict=True)])
