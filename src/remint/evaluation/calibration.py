"""Is a model right as often as it says? The expected calibration error (Guo et al. 2017, arXiv:1706.04599)."""

from itertools import pairwise
from typing import Any

import numpy as np

from remint.evaluation.bootstrap import interval, rounded, scored_counts
from remint.evaluation.metrics import bin_edges, confidence_bins
from remint.evaluation.replicates import replicate_metrics
from remint.evaluation.scored import Scored


def calibration_findings(scored: Scored, replicates: int, temperature: float | None = None) -> dict[str, Any]:
    """Give the expected calibration error of a classifier with its interval, and the bins: `calibration.json`.

    A bin holds the rows whose predicted class has a probability of `low` up to below `high`; the last one, 1 too.
    `confidence` is their mean probability, `accuracy` the share that is right; both null in an empty bin. The bins are
    those of the metric `ece`. `temperature` is what the model's logits are divided by, told as it is.

    The error is biased upward: of a perfectly calibrated model it is not zero but about as large as chance makes it in
    bins of this size, and so is its interval; both fall with the number of rows.
    """
    value = scored.metrics()["ece"]
    counts = scored_counts(scored, replicates)
    drawn = replicate_metrics(scored.task, scored.target, scored.predicted, scored.classes, counts, {"ece"})
    return {"ece": interval(value, drawn["ece"]), "temperature": temperature, "bins": reliability_bins(scored)}


def reliability_bins(scored: Scored) -> list[dict[str, Any]]:
    """Give the bins of a reliability diagram, from probability 0 to 1."""
    probabilities = scored.predicted["probabilities"]
    confidence, bins = confidence_bins(probabilities)
    right, edges = probabilities.argmax(axis=1) == scored.target, bin_edges().astype(np.float64).round(6)
    return [
        {
            "low": round(float(low), 6),
            "high": round(float(high), 6),
            **_bin(confidence[bins == number], right[bins == number]),
        }
        for number, (low, high) in enumerate(pairwise(edges))
    ]


def _bin(confidence: np.ndarray, right: np.ndarray) -> dict[str, Any]:
    if not len(right):
        return {"rows": 0, "confidence": None, "accuracy": None}
    mean = rounded(float(confidence.mean(dtype=np.float64)))
    return {"rows": len(right), "confidence": mean, "accuracy": rounded(float(right.mean()))}
