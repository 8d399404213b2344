"""How much of a model's quality is left where its inputs are corrupted."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from torch import nn

from remint.config.evaluation import EvaluationConfig
from remint.config.specs import ImageSpec, SeriesSpec, TabularSpec, TextSpec, TokensSpec
from remint.data.rows import rows_of
from remint.evaluation.corruptions import corrupt_image, corrupt_series, corrupt_table
from remint.evaluation.predict import predict
from remint.evaluation.scored import Scored
from remint.evaluation.tables import evenly
from remint.evaluation.typos import with_typos
from remint.preprocessing.base import Preprocessor
from remint.preprocessing.series import SeriesPreprocessor
from remint.preprocessing.text import TextPreprocessor
from remint.seeds import derive_seed
from remint.tasks.base import Task

ROWS, TEXTS = 2000, 200
"Test rows that are corrupted, at most, evenly chosen; of language modelling, whose texts are long."
SEED = 0
"Of the draws."
_UNITS = {
    ("tabular", "noise"): "standard deviations",
    ("tabular", "missing"): "share of values",
    ("image", "noise"): "standard deviation of pixels 0–1",
    ("image", "blur"): "standard deviation in pixels",
    ("image", "shift"): "pixels",
    ("image", "rotation"): "degrees",
    ("image", "brightness"): "factor",
    ("text", "typos"): "share of characters",
    ("series", "noise"): "standard deviations",
    ("series", "missing"): "share of steps",
}
_DIGITS = 9
"Significant ones that are kept."


def robustness_findings(
    network: nn.Module, scored: Scored, config: EvaluationConfig, task: Task, preprocessor: Preprocessor
) -> dict[str, Any]:
    """Give the metrics under each declared corruption and level, as JSON; the same inputs give the same.

    `scored` is the whole test split, of which at most `ROWS` rows are tried, `preprocessor` that of the dataset. Level
    0 holds the metrics of these rows as they are. The network is put into evaluation mode.
    """
    index = evenly(len(scored), TEXTS if isinstance(scored.spec.outputs, TokensSpec) else ROWS)
    part = _part(scored, index)
    untouched = {"level": 0, "metrics": _rounded(part.metrics())}
    found: dict[str, Any] = {}
    for name, levels in config.corruptions.items():
        tried = [untouched]
        for level in levels:
            random = np.random.default_rng(derive_seed(SEED, "corruption", name, f"{level:g}"))
            metrics = _metrics(network, part, _corrupted(name, level, part, preprocessor, random), task)
            tried.append({"level": level, "metrics": _rounded(metrics)})
        found[name] = {"unit": _UNITS[part.spec.inputs.modality, name], "levels": tried}
    return {"rows": len(index), "corruptions": found}


def _part(scored: Scored, index: np.ndarray) -> Scored:
    """Give some rows of a split with arrays of their own; a series stays whole, and texts are encoded anew later."""
    shared = ("series", "tokens", "offsets")
    arrays = {name: array if name in shared else array[index] for name, array in scored.arrays.items()}
    return replace(scored.part(index), arrays=arrays)


def _corrupted(
    name: str, level: float, part: Scored, preprocessor: Preprocessor, random: np.random.Generator
) -> Mapping[str, np.ndarray]:
    inputs, arrays = part.spec.inputs, part.arrays
    if isinstance(inputs, ImageSpec):
        return {**arrays, "image": corrupt_image(name, arrays["image"], level, random)}
    if isinstance(inputs, TabularSpec):
        return corrupt_table(name, arrays, level, random, _blank(inputs, preprocessor))
    if isinstance(inputs, SeriesSpec):
        assert isinstance(preprocessor, SeriesPreprocessor)
        measured = len(preprocessor.features)
        return {**arrays, "series": corrupt_series(name, arrays["series"], level, random, measured)}
    assert isinstance(inputs, TextSpec)
    assert isinstance(preprocessor, TextPreprocessor)
    texts = with_typos([_text(value) for value in part.rows[preprocessor.column]], level, random)
    return {**arrays, **preprocessor.transform(pd.DataFrame({preprocessor.column: texts}))}


def _blank(inputs: TabularSpec, preprocessor: Preprocessor) -> Mapping[str, np.ndarray]:
    """Give the arrays that the preprocessor makes of a row without values."""
    names = (*inputs.numeric, *(category.name for category in inputs.categories))
    return preprocessor.transform(pd.DataFrame({name: pd.Series([None], dtype=object) for name in names}))


def _metrics(network: nn.Module, part: Scored, arrays: Mapping[str, np.ndarray], task: Task) -> dict[str, float]:
    predicted = predict(network, rows_of(arrays, part.spec), task)
    # A text that is changed has another length.
    target = arrays["characters"] if isinstance(part.spec.outputs, TokensSpec) else part.target
    return replace(part, predicted=predicted, target=target).metrics()


def _rounded(metrics: Mapping[str, float]) -> dict[str, float]:
    return {name: float(f"{value:.{_DIGITS}g}") for name, value in metrics.items()}


def _text(value: Any) -> str:
    return "" if value is None or value != value else str(value)
