"""The metrics of parts of the test split: where is a model that is good on the whole bad?"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from remint.config.evaluation import EvaluationConfig
from remint.config.metrics import HIGHER_IS_BETTER
from remint.evaluation.bootstrap import Interval, scored_counts, scored_intervals
from remint.evaluation.scored import Scored
from remint.evaluation.slice_values import slice_rows

_ONE_CLASS = frozenset({"macro_f1"})
"Of the rows of one class: every class that is predicted beside it has an F1 of zero, however well it is told apart."


@dataclass(frozen=True)
class Slice:
    """Test rows to look at apart."""

    name: str
    "Of the slicing, as declared."
    value: str
    "What the rows have in common."
    index: np.ndarray
    "Row numbers within the split (int64)."


def find_slices(scored: Scored, config: EvaluationConfig, unknown_token: int | None = None) -> Iterator[Slice]:
    """Give the slices as declared, the values of each in order; empty ones are left out.

    Values and bands are told by all rows of `scored`, which is a whole split. Raises ConfigError for a column that the
    rows lack and for a measure that the data does not have.
    """
    for name, declared in config.slices.items():
        for value, index in slice_rows(name, declared, scored, unknown_token):
            yield Slice(name, value, index)


def slice_findings(scored: Scored, config: EvaluationConfig, unknown_token: int | None = None) -> dict[str, Any]:
    """Give the metrics of all rows and of each slice with intervals, and the worst slice by each: `slices.json`.

    All slices share one resampling of the whole split, so that the size of a slice varies between replicates as it
    would between samples. A metric that is undefined on a slice (AUROC of one class alone) is left out there, and macro
    F1 where the slices are the classes. The worst slice is looked for among those of at least `smallest_slice` rows.
    `unknown_token` is the id of what a tokenizer does not know. Raises ConfigError: see `find_slices`.
    """
    counts = scored_counts(scored, config.replicates)
    found = [_measured(part, scored, counts, config) for part in find_slices(scored, config, unknown_token)]
    return {
        "smallest": config.smallest_slice,
        "overall": scored_intervals(scored, counts),
        "slices": found,
        "worst": _worst(found, config.smallest_slice),
    }


def _measured(part: Slice, scored: Scored, counts: np.ndarray, config: EvaluationConfig) -> dict[str, Any]:
    metrics = scored_intervals(scored.part(part.index), counts[:, part.index])
    left_out = _ONE_CLASS if config.slices[part.name].measure == "class" else frozenset()
    metrics = {name: interval for name, interval in metrics.items() if name not in left_out}
    return {"slice": part.name, "value": part.value, "rows": len(part.index), "metrics": metrics}


def _worst(found: list[dict[str, Any]], smallest: int) -> dict[str, dict[str, Any]]:
    large = [entry for entry in found if entry["rows"] >= smallest]
    metrics = sorted({metric for entry in large for metric in entry["metrics"]})
    return {metric: _worst_by(metric, large) for metric in metrics}


def _worst_by(metric: str, found: list[dict[str, Any]]) -> dict[str, Any]:
    having = [entry for entry in found if metric in entry["metrics"]]
    sign = 1 if HIGHER_IS_BETTER[metric] else -1
    worst = min(having, key=lambda entry: sign * _value(entry["metrics"][metric]))
    told: dict[str, Any] = {key: worst[key] for key in ("slice", "value", "rows")}
    return {**told, "metric": worst["metrics"][metric]}


def _value(interval: Interval) -> float:
    value = interval["value"]
    assert value is not None
    return value
