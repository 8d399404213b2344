"""Which rows are shown, and what is told of each."""

import math
from typing import Any

import numpy as np

from remint.config.specs import ClassesSpec
from remint.evaluation.scored import Scored
from remint.evaluation.tables import evenly

_DIGITS = 6
"Significant ones that are kept."


def losses(scored: Scored) -> np.ndarray:
    """Give how wrong each row is (float64, N).

    Classes: −log p of the target. Numbers: |error|, of a forecast its mean. Texts: nats a character.
    """
    if scored.task == "classification":
        likelihood = scored.predicted["probabilities"][np.arange(len(scored)), scored.target]
        return np.asarray(-np.log(np.maximum(likelihood, np.finfo(np.float64).tiny)))
    if scored.task == "language_modelling":
        return np.asarray(scored.predicted["nats"] / scored.target)
    value = scored.predicted["values" if scored.task == "forecasting" else "value"]
    errors = np.abs(value - scored.target).reshape(len(scored), -1)
    return np.asarray(errors.mean(axis=1), dtype=np.float64)


def shown_rows(scored: Scored, worst: int, even: int) -> tuple[np.ndarray, np.ndarray]:
    """Give the numbers of the rows with the largest loss, the largest first, and of rows chosen evenly."""
    order = np.argsort(-losses(scored), kind="stable")
    return order[: min(worst, len(order))], evenly(len(scored), even)


def labels(scored: Scored, index: np.ndarray) -> np.ndarray:
    """Give the predicted class of some rows (int64), zeros where the target is no class."""
    if scored.task != "classification":
        return np.zeros(len(index), dtype=np.int64)
    found: np.ndarray = scored.predicted["probabilities"][index].argmax(axis=1)
    return found


def answer(scored: Scored, i: int) -> dict[str, Any]:
    """Tell a row's number, its loss and, but of forecasts and texts, its target and prediction."""
    found: dict[str, Any] = {
        "row": int(scored.rows["row"].iloc[i]),
        "loss": rounded(losses(scored.part(np.array([i])))[0]),
    }
    if isinstance(scored.spec.outputs, ClassesSpec):
        shares = scored.predicted["probabilities"][i]
        label = int(shares.argmax())
        found |= {"target": scored.classes[int(scored.target[i])], "prediction": scored.classes[label]}
        found["probability"] = rounded(shares[label])
    elif scored.task == "regression":
        found |= {"target": rounded(scored.target[i]), "prediction": rounded(scored.predicted["value"][i])}
    return found


def rounded(value: Any) -> float:
    """Give a number of few digits; zero has no sign."""
    number = float(f"{float(value):.{_DIGITS}g}")
    return number if math.isfinite(number) and number != 0 else 0.0
