"""Predictions and curves of a split as tables, for DVC, for plots and for whoever wants to look."""

import numpy as np
import pandas as pd

from remint.config.specs import ClassesSpec, OutputSpec
from remint.evaluation.metrics import one_against_rest

ROC_POINTS = 200
"Points of a curve at most."


def prediction_table(
    rows: np.ndarray, target: np.ndarray, predicted: dict[str, np.ndarray], outputs: OutputSpec
) -> pd.DataFrame:
    """Give a row a raw row: its number, target, prediction, and the probability of each class as `p_CLASS`."""
    shown = target if not isinstance(outputs, ClassesSpec) else np.array(outputs.classes, dtype=object)[target]
    return pd.DataFrame({"row": rows, "target": shown, **predicted_columns(predicted, outputs)})


def predicted_columns(predicted: dict[str, np.ndarray], outputs: OutputSpec) -> dict[str, np.ndarray]:
    """Give the columns that tell a prediction, here and where a model is served: `prediction`, and each `p_CLASS`."""
    if not isinstance(outputs, ClassesSpec):
        return {"prediction": predicted["value"]}
    names, probabilities = np.array(outputs.classes, dtype=object), predicted["probabilities"]
    columns = {f"p_{name}": probabilities[:, i] for i, name in enumerate(outputs.classes)}
    return {"prediction": names[probabilities.argmax(axis=1)], **columns}


def curve_tables(target: np.ndarray, predicted: dict[str, np.ndarray], outputs: OutputSpec) -> dict[str, pd.DataFrame]:
    """Give the tables behind the plots by name: `confusion` and `roc`, or `residuals`."""
    if not isinstance(outputs, ClassesSpec):
        return {"residuals": pd.DataFrame({"actual": target, "predicted": predicted["value"]})}
    probabilities = predicted["probabilities"]
    return {
        "confusion": confusion_table(target, probabilities, outputs.classes),
        "roc": roc_table(target, probabilities, outputs.classes),
    }


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
        chosen = np.unique(np.linspace(0, len(fpr) - 1, min(len(fpr), ROC_POINTS)).round().astype(np.int64))
        curves.append(pd.DataFrame({"fpr": fpr[chosen], "tpr": tpr[chosen], "class": classes[index]}))
    return pd.concat(curves[1:] or curves, ignore_index=True)
