"""Metrics of bootstrap replicates: as many as there are rows of counts, at once.

A replicate is told by how often it drew each row, so that every metric is the weighted one of scikit-learn or
torchmetrics; sums over rows are matrix products, curves are cumulative sums of the rows in the order of their scores.
"""

import math
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

import numpy as np

from remint.config.metrics import METRICS, Task
from remint.evaluation.curve_replicates import mean_areas
from remint.evaluation.metrics import CONFIDENCE_BINS, LARGEST_EXPONENT, confidence_bins

MEMORY = 64 * 2**20
"Bytes of the largest array at a time."
_Sums = Callable[[np.ndarray], np.ndarray]
"Takes values of the rows (N×K), gives their sums over each replicate (replicates×K)."
_Found = Mapping[str, Callable[[], np.ndarray]]


def replicate_metrics(
    task: Task,
    target: np.ndarray,
    predicted: Mapping[str, np.ndarray],
    classes: Sequence[str],
    counts: np.ndarray,
    metrics: Collection[str] | None = None,
) -> dict[str, np.ndarray]:
    """Give each metric of each replicate (float64, replicates).

    `target` and `predicted` as `compute_metrics` takes them; `counts` (replicates×N): how often each row was drawn.
    `metrics` names those wanted; none: all of the task. NaN where a metric is undefined: AUROC and AUPRC where no class
    has rows of its own and others, R² where all numbers drawn are alike, all of a replicate that drew no row.
    """
    wanted = [name for name in METRICS[task] if metrics is None or name in metrics]
    rows = max(1, MEMORY // (8 * max(1, counts.shape[1])))
    parts = [_part(task, target, predicted, len(classes), chunk, wanted) for chunk in _chunks(counts, rows)]
    return {name: np.concatenate([part[name] for part in parts]) for name in wanted if name in parts[0]}


def drawn_sums(counts: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Give the sums of values (N×K) over each replicate (float64, replicates×K)."""
    rows = max(1, MEMORY // (8 * max(1, counts.shape[1])))
    return np.concatenate([chunk.astype(np.float64) @ values for chunk in _chunks(counts, rows)])


def _chunks(counts: np.ndarray, rows: int) -> Iterator[np.ndarray]:
    for start in range(0, max(1, len(counts)), rows):
        yield counts[start : start + rows]


def _part(
    task: Task,
    target: np.ndarray,
    predicted: Mapping[str, np.ndarray],
    size: int,
    counts: np.ndarray,
    wanted: Sequence[str],
) -> dict[str, np.ndarray]:
    weights = counts.astype(np.float64)

    def sums(values: np.ndarray) -> np.ndarray:
        found: np.ndarray = weights @ np.asarray(values, dtype=np.float64)
        return found

    if task == "classification":
        found = _classification(target, predicted["probabilities"], size, counts, sums, wanted)
    elif task == "language_modelling":
        found = _language_modelling(target, predicted["nats"], predicted.get("tokens"), sums)
    else:
        found = _regression(target, predicted["values" if task == "forecasting" else "value"], sums)
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        return {name: found[name]() for name in wanted if name in found}


def _classification(
    target: np.ndarray,
    probabilities: np.ndarray,
    size: int,
    counts: np.ndarray,
    sums: _Sums,
    wanted: Sequence[str],
) -> _Found:
    drawn = counts.sum(axis=1, dtype=np.int64)
    right, actual, called = _class_sums(target, probabilities.argmax(axis=1), size, sums)
    areas = mean_areas(target, probabilities, counts, [name for name in ("auroc", "auprc") if name in wanted])
    return {
        "accuracy": lambda: right.sum(axis=1) / drawn,
        "balanced_accuracy": lambda: _mean(right / actual, actual > 0),
        "macro_f1": lambda: _mean(2 * right / (actual + called), actual + called > 0),
        **{name: lambda values=values: values for name, values in areas.items()},  # type: ignore[misc]
        "log_loss": lambda: sums(_log_losses(target, probabilities)) / drawn,
        "brier": lambda: sums(_squared_errors(target, probabilities)) / drawn,
        "ece": lambda: np.abs(sums(_calibration_gaps(target, probabilities))).sum(axis=1) / drawn,
    }


def _class_sums(target: np.ndarray, labels: np.ndarray, size: int, sums: _Sums) -> Iterator[np.ndarray]:
    """Give how many rows of each class were drawn and called so, how many were drawn, and how many were called so."""
    actual, called = np.eye(size)[target], np.eye(size)[labels]
    yield from (sums(actual * called), sums(actual), sums(called))


def _mean(values: np.ndarray, defined: np.ndarray) -> np.ndarray:
    means: np.ndarray = np.where(defined, values, 0).sum(axis=1) / defined.sum(axis=1)
    return means


def _log_losses(target: np.ndarray, probabilities: np.ndarray) -> np.ndarray:
    """As scikit-learn clips them."""
    eps = np.finfo(probabilities.dtype).eps
    losses: np.ndarray = -np.log(np.clip(probabilities[np.arange(len(target)), target], eps, 1 - eps))
    return losses


def _squared_errors(target: np.ndarray, probabilities: np.ndarray) -> np.ndarray:
    size = probabilities.shape[1]
    errors: np.ndarray = np.square(np.eye(size)[target] - probabilities).sum(axis=1)
    return errors / 2 if size == 2 else errors


def _calibration_gaps(target: np.ndarray, probabilities: np.ndarray) -> np.ndarray:
    confidence, bins = confidence_bins(probabilities)
    gaps = (probabilities.argmax(axis=1) == target) - confidence.astype(np.float64)
    spread: np.ndarray = np.eye(CONFIDENCE_BINS)[bins] * gaps[:, None]
    return spread


def _regression(target: np.ndarray, value: np.ndarray, sums: _Sums) -> _Found:
    """Numbers are taken from their mean first: the variance is then no difference of two large sums."""
    target = np.asarray(target, dtype=np.float64).reshape(len(target), -1)
    errors = np.asarray(value, dtype=np.float64).reshape(target.shape) - target
    centred = target - target.mean()
    drawn = sums(np.full(len(target), target.shape[1]))
    squares = sums(np.square(errors).sum(axis=1))

    def r2() -> np.ndarray:
        total = sums(np.square(centred).sum(axis=1))
        spread = total - np.square(sums(centred.sum(axis=1))) / drawn
        ratio: np.ndarray = 1 - squares / np.where(spread > 1e-12 * total, spread, np.nan)
        return ratio

    return {
        "rmse": lambda: np.sqrt(squares / drawn),
        "mae": lambda: sums(np.abs(errors).sum(axis=1)) / drawn,
        "r2": r2,
    }


def _language_modelling(characters: np.ndarray, nats: np.ndarray, tokens: np.ndarray | None, sums: _Sums) -> _Found:
    total = sums(nats)
    found = {"bits_per_character": lambda: total / math.log(2) / sums(characters)}
    if tokens is None:
        return found

    def perplexity() -> np.ndarray:
        mean = total / sums(tokens)
        return np.exp(np.where(mean < LARGEST_EXPONENT, mean, np.nan))

    return {**found, "perplexity": perplexity}
