"""What a person wants to see of a model's predictions: examples and mistakes, attention, forecasts, generated text."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pandas as pd
from torch import nn

from remint.config.specs import ClassesSpec, DataSpec, ImageSpec, NumberSpec, NumbersSpec, TextSpec, TokensSpec
from remint.evaluation.looks import TextReader, attention, continuations, raw_columns, text
from remint.evaluation.pixels import image
from remint.evaluation.tables import evenly
from remint.evaluation.windows import histories, seasonal_naive

SHOWN = 12
"Mistakes, and rows chosen evenly."
WINDOWS, HISTORY = 6, 72
"Forecasts, and steps before each."

Look = Callable[[int], dict[str, Any]]
"What to show of a row of the split."


def samples(
    network: nn.Module,
    spec: DataSpec,
    arrays: Mapping[str, np.ndarray],
    rows: pd.DataFrame,
    predicted: Mapping[str, np.ndarray],
    reader: TextReader | None = None,
) -> dict[str, Any]:
    """Choose what to show of N ≥ 1 rows of a split, as JSON; the same model and rows give the same.

    `arrays` are the split's, `rows` its raw rows in their order with the raw row number as `row`, `predicted` what the
    task predicts of them. `reader` is the preprocessor; without one no text is shown. The key `kind` tells what else
    there is: images, texts or rows with `mistakes` and `examples`, forecasts with `windows`, generated with `texts`;
    where the network tells its attention, `attention`, too. The network is put into evaluation mode.
    """
    network.eval()
    found: dict[str, Any]
    if isinstance(spec.outputs, NumbersSpec):
        found = {"kind": "forecasts", "windows": _windows(spec, arrays, rows, predicted["values"])}
    elif isinstance(spec.outputs, TokensSpec):
        found = {"kind": "generated"}
        if isinstance(spec.inputs, TextSpec) and reader is not None and hasattr(network, "generate"):
            found |= continuations(network, spec.inputs.length, arrays, rows, reader)
    else:
        kind, look = _look(spec, arrays, rows, reader)
        found = {"kind": kind, **_chosen(spec, arrays["target"], predicted, rows, look)}
    if isinstance(spec.inputs, TextSpec) and reader is not None and hasattr(network, "attention"):
        found["attention"] = attention(network, spec.inputs.length, arrays, rows, reader)
    return found


def _look(
    spec: DataSpec, arrays: Mapping[str, np.ndarray], rows: pd.DataFrame, reader: TextReader | None
) -> tuple[str, Look]:
    if isinstance(spec.inputs, ImageSpec):
        return "images", lambda i: {"image": image(arrays["image"][i])}
    if isinstance(spec.inputs, TextSpec) and reader is not None:
        texts = rows[reader.column]
        return "texts", lambda i: {"text": text(texts.iloc[i])}
    return "rows", lambda i: {"columns": raw_columns(rows, i)}


def _chosen(
    spec: DataSpec, target: np.ndarray, predicted: Mapping[str, np.ndarray], rows: pd.DataFrame, look: Look
) -> dict[str, Any]:
    """Give evenly chosen rows and the worst: of classes the most confident mistakes, of numbers the largest errors."""
    if isinstance(spec.outputs, ClassesSpec):
        labels = predicted["probabilities"].argmax(axis=1)
        badness = np.where(labels == target, -1.0, predicted["probabilities"].max(axis=1))
        wrong = np.flatnonzero(badness >= 0)
    else:
        badness = np.abs(predicted["value"] - target)
        wrong = np.arange(len(target))
    worst = wrong[np.argsort(-badness[wrong], kind="stable")][:SHOWN]

    def told(i: int) -> dict[str, Any]:
        return {"row": int(rows["row"].iloc[i]), **_answer(spec, target, predicted, i), **look(i)}

    return {"mistakes": [told(i) for i in worst], "examples": [told(i) for i in evenly(len(target), SHOWN)]}


def _answer(spec: DataSpec, target: np.ndarray, predicted: Mapping[str, np.ndarray], i: int) -> dict[str, Any]:
    if isinstance(spec.outputs, ClassesSpec):
        shares, classes = predicted["probabilities"][i], spec.outputs.classes
        label = int(shares.argmax())
        probability = round(float(shares[label]), 6)
        return {"target": classes[int(target[i])], "prediction": classes[label], "probability": probability}
    assert isinstance(spec.outputs, NumberSpec)
    return {"target": _rounded(target[i]), "prediction": _rounded(predicted["value"][i])}


def _windows(
    spec: DataSpec, arrays: Mapping[str, np.ndarray], rows: pd.DataFrame, values: np.ndarray
) -> list[dict[str, Any]]:
    """Give windows, evenly chosen, in the unit of the raw column."""
    chosen = evenly(len(values), WINDOWS)
    before = histories(arrays, spec, HISTORY, chosen)
    naive = seasonal_naive({**arrays, "starts": arrays["starts"][chosen]}, spec)
    return [
        {
            "row": int(rows["row"].iloc[i]),
            "history": [_rounded(value) for value in before[place]],
            "actual": [_rounded(value) for value in arrays["target"][i]],
            "forecast": [_rounded(value) for value in values[i]],
            "seasonal_naive": [_rounded(value) for value in naive[place]],
        }
        for place, i in enumerate(chosen)
    ]


def _rounded(value: Any) -> float:
    return float(f"{float(value):.6g}")
