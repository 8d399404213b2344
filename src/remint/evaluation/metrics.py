"""Metrics of a split, by scikit-learn: the same names for networks, baselines and the registry."""

import math
from collections.abc import Callable, Iterator, Sequence

import numpy as np

Area = Callable[[np.ndarray, np.ndarray], float]
"Of a curve: takes which rows are of a class, and their scores."
CONFIDENCE_BINS = 15
"Of the expected calibration error, as in Guo et al. 2017."
LARGEST_EXPONENT = 700.0
"Of exp in float64, rounded down."
_BELOW_ONE = np.float32(1) - np.finfo(np.float32).epsneg
"torchmetrics gives a confidence of 1 a bin of its own; just below, it is in the last one, as in the paper."


def compute_metrics(
    task_name: str, target: np.ndarray, predicted: dict[str, np.ndarray], classes: Sequence[str] = ()
) -> dict[str, float]:
    """Give the metrics of N rows, by name.

    Classification: `target` holds class indices, `predicted` holds `probabilities` (N×classes). Regression: `target`
    holds values, `predicted` holds `value` (N). Forecasting: both hold N×horizon values, in `predicted` as `values`;
    all steps count alike. Language modelling: `target` holds the number of characters of each text, `predicted` holds
    `nats`, its negative log-likelihood, and, where there is a tokenizer, `tokens` (N each). A metric that is undefined
    here (AUROC where the split holds one class alone, R² of a single value, perplexity without tokens) is left out; all
    are where a prediction is NaN or infinite.

    AUROC and AUPRC (average precision) are means over the classes, each against the rest; of two classes, the
    second's. `brier` is scikit-learn's: 0 to 1 for two classes, 0 to 2 (the sum over the classes) for more. `ece` is
    the expected calibration error of the predicted class (Guo et al. 2017, https://arxiv.org/abs/1706.04599): 15 bins
    of equal width, by torchmetrics.
    """
    if not all(np.isfinite(values).all() for values in predicted.values()):
        return {}
    if task_name == "classification":
        found = _classification(target, predicted["probabilities"], len(classes))
    elif task_name == "language_modelling":
        found = _language_modelling(target, predicted["nats"], predicted.get("tokens"))
    else:
        value = predicted["values" if task_name == "forecasting" else "value"]
        found = _regression(np.asarray(target, dtype=np.float64).ravel(), value.ravel())
    return {name: float(value) for name, value in found.items() if math.isfinite(value)}


def one_against_rest(target: np.ndarray, size: int) -> Iterator[tuple[int, np.ndarray]]:
    """Give each class whose ROC curve tells something, with a mask of its rows: of two classes the second alone.

    A class that no row or every row belongs to has no curve.
    """
    for index in [1] if size == 2 else range(size):
        mask = target == index
        if mask.any() and not mask.all():
            yield index, mask


def confidence_bins(probabilities: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Give the probability of each row's predicted class (float32, N), and its bin (int64, N), as `ece` bins it."""
    confidence = np.minimum(probabilities.max(axis=1).astype(np.float32), _BELOW_ONE)
    return confidence, np.searchsorted(bin_edges(), confidence, side="right") - 1


def bin_edges() -> np.ndarray:
    """Give where the bins of `ece` begin and end (float32): bin b is edges[b] ≤ confidence < edges[b + 1]."""
    import torch

    edges: np.ndarray = torch.linspace(0, 1, CONFIDENCE_BINS + 1, dtype=torch.float32).numpy()
    return edges


def _classification(target: np.ndarray, probabilities: np.ndarray, size: int) -> dict[str, float]:
    from sklearn import metrics

    labels = probabilities.argmax(axis=1)
    area = _mean_area(target, probabilities, size)
    recalls = metrics.recall_score(target, labels, labels=np.unique(target), average=None, zero_division=0)
    return {
        "accuracy": metrics.accuracy_score(target, labels),
        "balanced_accuracy": float(np.mean(recalls)),
        "macro_f1": metrics.f1_score(target, labels, average="macro", zero_division=0),
        "auroc": area(metrics.roc_auc_score),
        "auprc": area(metrics.average_precision_score),
        "log_loss": metrics.log_loss(target, probabilities, labels=np.arange(size)),
        "brier": metrics.brier_score_loss(target, probabilities, labels=np.arange(size)),
        "ece": _calibration_error(target, probabilities),
    }


def _mean_area(target: np.ndarray, probabilities: np.ndarray, size: int) -> Callable[[Area], float]:
    def mean(area: Area) -> float:
        areas = [area(mask, probabilities[:, index]) for index, mask in one_against_rest(target, size)]
        return float(np.mean(areas)) if areas else math.nan

    return mean


def _calibration_error(target: np.ndarray, probabilities: np.ndarray) -> float:
    import torch
    from torchmetrics.functional.classification import multiclass_calibration_error

    shown = torch.from_numpy(np.minimum(probabilities.astype(np.float32), _BELOW_ONE))
    return float(
        multiclass_calibration_error(
            shown, torch.from_numpy(np.asarray(target, dtype=np.int64)), shown.shape[1], CONFIDENCE_BINS, norm="l1"
        )
    )


def _regression(target: np.ndarray, value: np.ndarray) -> dict[str, float]:
    from sklearn import metrics

    return {
        "rmse": metrics.root_mean_squared_error(target, value),
        "mae": metrics.mean_absolute_error(target, value),
        "r2": metrics.r2_score(target, value) if len(target) > 1 else math.nan,
    }


def _language_modelling(characters: np.ndarray, nats: np.ndarray, tokens: np.ndarray | None) -> dict[str, float]:
    """Perplexity is that of a token, so that it compares networks of one tokenizer alone; bits compare all."""
    total = float(nats.sum())
    found = {"bits_per_character": total / math.log(2) / int(characters.sum())}
    if tokens is not None:
        mean = total / float(tokens.sum())
        found["perplexity"] = math.exp(mean) if mean < LARGEST_EXPONENT else math.inf
    return found
