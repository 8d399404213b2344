"""Metrics of a split, by scikit-learn: the same names for networks, baselines and the registry."""

import math
from collections.abc import Callable, Iterator, Sequence

import numpy as np

_LARGEST_EXPONENT = 700.0
"Of exp in float64, rounded down."


def compute_metrics(
    task_name: str, target: np.ndarray, predicted: dict[str, np.ndarray], classes: Sequence[str] = ()
) -> dict[str, float]:
    """Give the metrics of N rows, by name.

    Classification: `target` holds class indices, `predicted` holds `probabilities` (N×classes). Regression: `target`
    holds values, `predicted` holds `value` (N). Forecasting: both hold N×horizon values, in `predicted` as `values`;
    all steps count alike. Language modelling: `target` holds the number of characters of each text, `predicted` holds
    `nats`, its negative log-likelihood, and, where there is a tokenizer, `tokens` (N each). A metric that is undefined
    here (AUROC where the split holds one class alone, R² of a single value, perplexity without tokens) is left out.
    """
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


def _classification(target: np.ndarray, probabilities: np.ndarray, size: int) -> dict[str, float]:
    from sklearn import metrics

    labels = probabilities.argmax(axis=1)
    roc: Callable[[np.ndarray, np.ndarray], float] = metrics.roc_auc_score
    areas = [roc(mask, probabilities[:, index]) for index, mask in one_against_rest(target, size)]
    recalls = metrics.recall_score(target, labels, labels=np.unique(target), average=None, zero_division=0)
    return {
        "accuracy": metrics.accuracy_score(target, labels),
        "balanced_accuracy": float(np.mean(recalls)),
        "macro_f1": metrics.f1_score(target, labels, average="macro", zero_division=0),
        "auroc": float(np.mean(areas)) if areas else math.nan,
        "log_loss": metrics.log_loss(target, probabilities, labels=np.arange(size)),
    }


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
        found["perplexity"] = math.exp(mean) if mean < _LARGEST_EXPONENT else math.inf
    return found
