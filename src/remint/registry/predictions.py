"""What a version predicted of test rows, and two versions' predictions of the same ones."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from remint.config.metrics import Task

_OF_A_CLASS = "p_"


@dataclass(frozen=True)
class Predictions:
    """N rows of a test split, what is true of them and what was predicted."""

    task: Task
    rows: np.ndarray
    "Raw row numbers (int64, N)."
    target: np.ndarray
    "As `compute_metrics` takes it."
    predicted: Mapping[str, np.ndarray]
    "As the task predicts it."
    classes: tuple[str, ...] = ()
    moments: np.ndarray | None = None
    "Number of each row's step in time (int64, N), of a series."


def read_predictions(file: Path) -> Predictions | None:
    """Read the predictions that the stage `evaluate` wrote; None where they cannot be read."""
    try:
        table = pd.read_parquet(file, engine="pyarrow")
        return _predictions(table)
    except (OSError, ValueError, KeyError):
        return None


def same_classes(one: Predictions, other: Predictions) -> tuple[Predictions, Predictions]:
    """Bring two versions' probabilities to the same classes, by name: those of the first, then what the other adds.

    A class that a version does not know has probability 0 with it; nothing is renormalised.
    """
    classes = (*one.classes, *(name for name in other.classes if name not in one.classes))
    return _with_classes(one, classes), _with_classes(other, classes)


def _predictions(table: pd.DataFrame) -> Predictions:
    rows, names = table["row"].to_numpy(), [str(name) for name in table]
    if "bits_per_character" in table:
        nats = (table["bits_per_character"] * table["characters"] * math.log(2)).to_numpy()
        tokens = {"tokens": table["tokens"].to_numpy()} if "tokens" in table else {}
        return Predictions("language_modelling", rows, table["characters"].to_numpy(), {"nats": nats, **tokens})
    classes = tuple(name.removeprefix(_OF_A_CLASS) for name in names if name.startswith(_OF_A_CLASS))
    if classes:
        probabilities = table[[f"{_OF_A_CLASS}{name}" for name in classes]].to_numpy()
        target = pd.Index(classes).get_indexer(pd.Index(table["target"].astype(str)))
        if (target < 0).any():
            raise ValueError("a target is no class")
        return Predictions("classification", rows, target, {"probabilities": probabilities}, classes)
    if "prediction_1" in table:
        steps = range(1, 1 + sum(name.startswith("prediction_") for name in names))
        actual, values = (table[[f"{kind}_{step}" for step in steps]].to_numpy() for kind in ("target", "prediction"))
        moments = table["moment"].to_numpy() if "moment" in table else None
        return Predictions("forecasting", rows, actual, {"values": values}, moments=moments)
    return Predictions("regression", rows, table["target"].to_numpy(), {"value": table["prediction"].to_numpy()})


def _with_classes(predictions: Predictions, classes: tuple[str, ...]) -> Predictions:
    if predictions.classes == classes:
        return predictions
    old = predictions.predicted["probabilities"]
    probabilities = np.zeros((len(old), len(classes)), dtype=old.dtype)
    place = np.array([classes.index(name) for name in predictions.classes], dtype=np.int64)
    probabilities[:, place] = old
    target = place[predictions.target]
    return replace(predictions, target=target, predicted={"probabilities": probabilities}, classes=classes)
