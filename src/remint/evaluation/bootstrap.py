"""95 % intervals by the bootstrap (Efron and Tibshirani 1993): rows are drawn again, with replacement.

Percentile intervals. That they cover the truth about as often as they say is checked by a simulation, in the tests.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from remint.config.metrics import Task
from remint.config.specs import DataSpec, SeriesSpec
from remint.evaluation.metrics import compute_metrics
from remint.evaluation.replicates import MEMORY, replicate_metrics
from remint.evaluation.scored import Scored

LEVEL = 0.95
DIGITS = 9
"Significant digits of what comes of replicates: the last bits of a sum depend on the machine."
Interval = dict[str, float | None]
"`value`, `low` and `high`; null where undefined."


def resample(rows: int, replicates: int, seed: int, block: int = 1) -> np.ndarray:
    """Draw rows with replacement and give how often each was drawn (uint8, replicates×rows).

    `block` is how many rows in sequence are drawn together, for rows that depend on their neighbours (the circular
    block bootstrap of Politis and Romano 1992: the first row follows the last). The same arguments give the same.
    """
    random, block = np.random.default_rng(seed), max(1, min(block, rows))
    counts = np.empty((replicates, rows), dtype=np.uint8)
    starts = -(-rows // block)
    chunk = max(1, MEMORY // (8 * max(1, rows)))
    for first in range(0, replicates, chunk):
        size = min(chunk, replicates - first)
        drawn = random.integers(rows, size=(size, starts))
        drawn = (drawn[:, :, None] + np.arange(block)).reshape(size, -1)[:, :rows] % rows if block > 1 else drawn
        drawn += np.arange(size)[:, None] * rows
        counts[first : first + size] = np.bincount(drawn.ravel(), minlength=size * rows).reshape(size, rows)
    return counts


def scored_counts(scored: Scored, replicates: int, seed: int = 0) -> np.ndarray:
    """Give how often each row of a whole split was drawn (uint8, replicates×N), the rows as far apart as they must be.

    Windows of a series overlap, and series beside each other have the same weather: steps in time are drawn in blocks,
    and with a step the windows of all series that end there.
    """
    return _drawn(len(scored), scored.moments, replicates, seed, block_length(scored.spec))


def _drawn(rows: int, moments: np.ndarray | None, replicates: int, seed: int, block: int) -> np.ndarray:
    if moments is None:
        return resample(rows, replicates, seed, block)
    steps = moments - moments.min()
    return resample(int(steps.max()) + 1, replicates, seed, block)[:, steps]


def block_length(spec: DataSpec) -> int:
    """Give how many rows in sequence to draw together: windows of a series overlap, other rows stand alone."""
    return spec.inputs.history + spec.inputs.horizon if isinstance(spec.inputs, SeriesSpec) else 1


def intervals(scored: Scored, replicates: int, seed: int = 0) -> dict[str, Any]:
    """Give each metric with its 95 % interval, as `intervals.json` holds them."""
    metrics, block = scored_intervals(scored, scored_counts(scored, replicates, seed)), block_length(scored.spec)
    return {"level": LEVEL, "replicates": replicates, "rows": len(scored), "block": block, "metrics": metrics}


def scored_intervals(scored: Scored, counts: np.ndarray) -> dict[str, Interval]:
    """Give each metric that is defined, with its interval over replicates (counts, replicates×N)."""
    values = scored.metrics()
    drawn = replicate_metrics(scored.task, scored.target, scored.predicted, scored.classes, counts, set(values))
    return {name: interval(value, drawn[name]) for name, value in values.items()}


def interval(value: float, replicates: np.ndarray) -> Interval:
    """Give a value with the 2.5th and the 97.5th percentile of its replicates.

    Undefined replicates (NaN) are left out; where more than half are, both ends are null.
    """
    defined = replicates[np.isfinite(replicates)]
    if 2 * len(defined) < len(replicates) or not len(defined):
        return {"value": rounded(value), "low": None, "high": None}
    low, high = np.percentile(defined, [50 * (1 - LEVEL), 50 * (1 + LEVEL)])
    return {"value": rounded(value), "low": rounded(low), "high": rounded(high)}


def rounded(value: float) -> float | None:
    """Give a number with nine significant digits; null for NaN and infinity."""
    return float(f"{value:.{DIGITS}g}") if np.isfinite(value) else None


def paired_difference(
    task: Task,
    target: np.ndarray,
    predicted_a: Mapping[str, np.ndarray],
    predicted_b: Mapping[str, np.ndarray],
    classes: Sequence[str],
    metric: str,
    replicates: int,
    seed: int = 0,
    block: int = 1,
    moments: np.ndarray | None = None,
) -> Interval:
    """Give `metric` of a minus that of b, with its 95 % interval: both are scored on the same rows drawn.

    `moments` are those of `Scored`, which `block` then counts.

    What makes a row hard for both falls out, so that this is narrower than two intervals held side by side. All null
    where the metric is undefined of one of them.
    """
    values = [
        compute_metrics(task, target, dict(one), classes).get(metric, np.nan) for one in (predicted_a, predicted_b)
    ]
    if not np.isfinite(values).all():
        return {"value": None, "low": None, "high": None}
    counts = _drawn(len(target), moments, replicates, seed, block)
    a, b = (
        replicate_metrics(task, target, one, classes, counts, {metric})[metric] for one in (predicted_a, predicted_b)
    )
    return interval(values[0] - values[1], a - b)
