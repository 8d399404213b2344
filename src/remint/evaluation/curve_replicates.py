"""Areas under the ROC and the precision-recall curve of many bootstrap replicates at once."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class _Curve:
    """A class against the rest, its rows in the order of falling scores."""

    drawn: np.ndarray
    "How often each of the P rows of the class was drawn (int64, replicates×P)."
    all_to: np.ndarray
    "For each of them, how many rows drawn have its score or a higher one (int32, replicates×P)."
    all_above: np.ndarray
    "How many have a higher one."
    positives_to: np.ndarray
    "As `all_to`, of the rows of the class alone."
    positives_above: np.ndarray
    "As `all_above`, of the rows of the class alone."
    total: np.ndarray
    "Rows drawn (int32, replicates)."


def mean_areas(
    target: np.ndarray, probabilities: np.ndarray, counts: np.ndarray, metrics: Sequence[str]
) -> dict[str, np.ndarray]:
    """Give `auroc` and `auprc` of each replicate (float64): means over the classes, of two classes the second's.

    A class that no row or every row drawn belongs to is left out, as by `one_against_rest`; NaN where none remains.
    """
    size = probabilities.shape[1]
    if not metrics:
        return {}
    sums = {name: np.zeros(len(counts)) for name in metrics}
    defined = np.zeros(len(counts))
    for index in [1] if size == 2 else range(size):
        if not (target == index).any():
            continue
        curve = _curve(target == index, probabilities[:, index], counts)
        drawn = curve.drawn.sum(axis=1)
        told = (drawn > 0) & (drawn < curve.total)
        defined += told
        for name in metrics:
            sums[name] += np.where(told, _AREAS[name](curve), 0)
    with np.errstate(invalid="ignore"):
        return {name: total / defined for name, total in sums.items()}


def _curve(mask: np.ndarray, scores: np.ndarray, counts: np.ndarray) -> _Curve:
    order = np.argsort(-scores, kind="stable")
    mask, falling = mask[order], -scores[order]
    rows = falling[mask]
    above, to = np.searchsorted(falling, rows, side="left"), np.searchsorted(falling, rows, side="right")
    drawn = counts[:, order[mask]].astype(np.int64)
    everything, positives = _summed(counts[:, order]), _summed(drawn)
    positives_above = np.searchsorted(rows, rows, side="left")
    positives_to = np.searchsorted(rows, rows, side="right")
    return _Curve(
        drawn=drawn,
        all_to=everything[:, to],
        all_above=everything[:, above],
        positives_to=positives[:, positives_to],
        positives_above=positives[:, positives_above],
        total=everything[:, -1],
    )


def _summed(counts: np.ndarray) -> np.ndarray:
    """Sum up from the left, a zero first."""
    sums = np.zeros((counts.shape[0], counts.shape[1] + 1), dtype=np.int32)
    np.cumsum(counts, axis=1, dtype=np.int32, out=sums[:, 1:])
    return sums


def _auroc(curve: _Curve) -> np.ndarray:
    """Share of pairs of a positive and a negative row in the right order, ties counted half."""
    positives = curve.drawn.sum(axis=1)
    negatives = curve.total - positives
    above, to = curve.all_above - curve.positives_above, curve.all_to - curve.positives_to
    wrong = (curve.drawn * (above + to)).sum(axis=1) / 2
    with np.errstate(invalid="ignore", divide="ignore"):
        area: np.ndarray = 1 - wrong / (positives * negatives)
    return area


def _auprc(curve: _Curve) -> np.ndarray:
    """Average precision: the mean, over the positive rows, of the precision where the threshold is their score."""
    with np.errstate(invalid="ignore", divide="ignore"):
        precision = curve.positives_to / np.maximum(curve.all_to, 1)
        area: np.ndarray = (curve.drawn * precision).sum(axis=1) / curve.drawn.sum(axis=1)
    return area


_AREAS = {"auroc": _auroc, "auprc": _auprc}
