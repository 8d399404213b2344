"""Metrics by name: which task has which, and which way is better."""

from typing import Literal

Task = Literal["classification", "regression", "forecasting", "language_modelling"]
Metric = Literal[
    "accuracy",
    "balanced_accuracy",
    "macro_f1",
    "auroc",
    "auprc",
    "log_loss",
    "brier",
    "ece",
    "rmse",
    "mae",
    "r2",
    "bits_per_character",
    "perplexity",
]
"Of the test split; `remint.evaluation.metrics` computes them."
METRICS: dict[Task, tuple[Metric, ...]] = {
    "classification": ("accuracy", "balanced_accuracy", "macro_f1", "auroc", "auprc", "log_loss", "brier", "ece"),
    "regression": ("rmse", "mae", "r2"),
    "forecasting": ("rmse", "mae", "r2"),
    "language_modelling": ("bits_per_character", "perplexity"),
}
"What each task has, its primary metric first."
HIGHER_IS_BETTER: dict[str, bool] = {
    "accuracy": True,
    "balanced_accuracy": True,
    "macro_f1": True,
    "auroc": True,
    "auprc": True,
    "log_loss": False,
    "brier": False,
    "ece": False,
    "rmse": False,
    "mae": False,
    "r2": True,
    "bits_per_character": False,
    "perplexity": False,
}
"Every metric that there is."
BOUNDED = frozenset({"accuracy", "balanced_accuracy", "macro_f1", "auroc", "auprc", "brier", "ece", "r2"})
"""Those with a scale of their own: shares, and others that no unit of the data changes. What they differ by tells most
as it is; of the others it is the share of the larger value."""
_LABELS = {
    "macro_f1": "macro F1",
    "auroc": "AUROC",
    "auprc": "AUPRC",
    "ece": "ECE",
    "rmse": "RMSE",
    "mae": "MAE",
    "r2": "R²",
    "equalized_odds_difference": "equalised odds difference",
}
"Of what has another name in a sentence."


def label(name: str) -> str:
    """Give the words for a metric, or for another name with underscores."""
    return _LABELS.get(name, name.replace("_", " "))
