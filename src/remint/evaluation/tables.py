"""Predictions and curves of a split as tables, for DVC, for plots and for whoever wants to look."""

import math

import numpy as np
import pandas as pd

from remint.config.specs import ClassesSpec, NumbersSpec, OutputSpec, TokensSpec
from remint.evaluation.metrics import one_against_rest

ROC_POINTS = 200
"Points of a curve at most."
RESIDUALS = 20_000
"Forecast values at most in `residuals`; more are thinned out evenly."
LENGTHS = 12
"Groups of texts of like length at most."


def prediction_table(
    rows: np.ndarray, target: np.ndarray, predicted: dict[str, np.ndarray], outputs: OutputSpec
) -> pd.DataFrame:
    """Give a row a raw row: its number, target and prediction.

    Classes: the probability of each as `p_CLASS`. Forecasts: `target_1`, `prediction_1` and so on, a step each. Texts:
    `characters` (the target), `tokens` where there is a tokenizer, and `bits_per_character`.
    """
    if isinstance(outputs, TokensSpec):
        tokens = {"tokens": predicted["tokens"].astype(np.int64)} if "tokens" in predicted else {}
        bits = predicted["nats"] / math.log(2) / target
        return pd.DataFrame({"row": rows, "characters": target, **tokens, "bits_per_character": bits})
    if isinstance(outputs, NumbersSpec):
        shown = _steps("target", target)
    else:
        shown = {"target": _names(outputs)[target] if isinstance(outputs, ClassesSpec) else target}
    return pd.DataFrame({"row": rows, **shown, **predicted_columns(predicted, outputs)})


def predicted_columns(predicted: dict[str, np.ndarray], outputs: OutputSpec) -> dict[str, np.ndarray]:
    """Give the columns that tell a prediction, here and where a model is served.

    Classes: `prediction`, and each `p_CLASS`. A number: `prediction`. Forecasts: `prediction_1` and so on. Texts:
    `tokens` and `nats`, the negative log-likelihood.
    """
    if isinstance(outputs, TokensSpec):
        return {"tokens": predicted["tokens"].astype(np.int64), "nats": predicted["nats"]}
    if isinstance(outputs, NumbersSpec):
        return _steps("prediction", predicted["values"])
    if not isinstance(outputs, ClassesSpec):
        return {"prediction": predicted["value"]}
    names, probabilities = _names(outputs), predicted["probabilities"]
    columns = {f"p_{name}": probabilities[:, i] for i, name in enumerate(outputs.classes)}
    return {"prediction": names[probabilities.argmax(axis=1)], **columns}


def curve_tables(
    target: np.ndarray,
    predicted: dict[str, np.ndarray],
    outputs: OutputSpec,
    naive: np.ndarray | None = None,
) -> dict[str, pd.DataFrame]:
    """Give the tables behind the plots by name.

    Classes: `confusion` and `roc`. A number: `residuals`. Forecasts: `horizon` and `residuals`; `naive` (N×horizon) is
    a forecast to hold them against. Texts: `lengths`.
    """
    if isinstance(outputs, ClassesSpec):
        probabilities = predicted["probabilities"]
        return {
            "confusion": confusion_table(target, probabilities, outputs.classes),
            "roc": roc_table(target, probabilities, outputs.classes),
        }
    if isinstance(outputs, TokensSpec):
        return {"lengths": lengths_table(target, predicted["nats"])}
    if isinstance(outputs, NumbersSpec):
        values = target.ravel(), predicted["values"].ravel()
        chosen = evenly(len(values[0]), RESIDUALS)
        residuals = pd.DataFrame({"actual": values[0][chosen], "predicted": values[1][chosen]})
        return {"horizon": horizon_table(target, predicted["values"], naive), "residuals": residuals}
    return {"residuals": pd.DataFrame({"actual": target, "predicted": predicted["value"]})}


def confusion_table(target: np.ndarray, probabilities: np.ndarray, classes: tuple[str, ...]) -> pd.DataFrame:
    """Give the actual and predicted class of each row, as DVC's template `confusion` wants it."""
    names = np.array(classes, dtype=object)
    return pd.DataFrame({"actual": names[target], "predicted": names[probabilities.argmax(axis=1)]})


def roc_table(target: np.ndarray, probabilities: np.ndarray, classes: tuple[str, ...]) -> pd.DataFrame:
    """Give the ROC curve of each class against the rest, of two classes the second's; columns fpr, tpr, class."""
    from sklearn.metrics import roc_curve

    curves = [pd.DataFrame(columns=["fpr", "tpr", "class"])]
    for index, mask in one_against_rest(target, len(classes)):
        fpr, tpr, _ = roc_curve(mask, probabilities[:, index])
        chosen = evenly(len(fpr), ROC_POINTS)
        curves.append(pd.DataFrame({"fpr": fpr[chosen], "tpr": tpr[chosen], "class": classes[index]}))
    return pd.concat(curves[1:] or curves, ignore_index=True)


def horizon_table(target: np.ndarray, values: np.ndarray, naive: np.ndarray | None = None) -> pd.DataFrame:
    """Give the errors by how many steps ahead was forecast; columns ahead, mae, rmse and, of `naive`, rmse_naive."""
    table = {"ahead": np.arange(1, target.shape[1] + 1), "mae": np.abs(values - target).mean(axis=0)}
    if naive is not None:
        table["rmse_naive"] = np.sqrt(np.square(naive - target).mean(axis=0))
    return pd.DataFrame({**table, "rmse": np.sqrt(np.square(values - target).mean(axis=0))})


def lengths_table(characters: np.ndarray, nats: np.ndarray) -> pd.DataFrame:
    """Give the bits a character of texts of like length.

    Columns: `characters`, the mean length of the group, `texts`, how many there are, and `bits_per_character`.
    """
    groups = np.array_split(np.argsort(characters, kind="stable"), min(LENGTHS, len(characters)))
    sums = [(characters[group].sum(), len(group), nats[group].sum()) for group in groups]
    table = [(total / count, count, loss / math.log(2) / total) for total, count, loss in sums]
    return pd.DataFrame(table, columns=["characters", "texts", "bits_per_character"])


def evenly(rows: int, wanted: int) -> np.ndarray:
    """Choose row numbers (int64), at most so many, evenly spread over all rows, the first and the last among them."""
    return np.unique(np.linspace(0, rows - 1, min(rows, wanted)).round().astype(np.int64))


def _steps(name: str, values: np.ndarray) -> dict[str, np.ndarray]:
    return {f"{name}_{step}": values[:, step - 1] for step in range(1, values.shape[1] + 1)}


def _names(outputs: ClassesSpec) -> np.ndarray:
    return np.array(outputs.classes, dtype=object)
