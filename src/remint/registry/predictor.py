"""The model that MLflow serves: it takes raw inputs and holds the preprocessing that was fitted for it.

Its folder holds `weights.safetensors`, `model.json` and `preprocessor.json`. MLflow loads it by `_load_pyfunc` from the
code that is kept with it, so it imports neither Lightning nor anything else that only training needs.
"""

import math
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from torch import nn

from remint.config.specs import DataSpec, TokensSpec
from remint.data.rows import rows_of
from remint.evaluation.generate import continuation
from remint.evaluation.predict import predict
from remint.evaluation.tables import predicted_columns
from remint.files import read_json
from remint.models.store import load_network
from remint.preprocessing.base import Preprocessor, load_preprocessor
from remint.preprocessing.cleaning import Cleaning, load_cleaning
from remint.preprocessing.text import TextPreprocessor
from remint.tasks.base import Task

PREPROCESSOR = "preprocessor.json"
ROWS = 64 * 256
"Rows preprocessed at a time: whole batches, so that the bits are those of the evaluation."


class Predictor:
    """Predicts on raw inputs: a table with at least the feature columns, or uint8 images N×H×W×C."""

    def __init__(
        self, network: nn.Module, spec: DataSpec, task: Task, preprocessor: Preprocessor, cleaning: Cleaning
    ) -> None:
        self._network, self._spec, self._task = network, spec, task
        self._preprocessor, self._cleaning = preprocessor, cleaning

    def predict(self, inputs: Any) -> pd.DataFrame:
        """Give N rows: `prediction`, and for classification the probability of each class as `p_CLASS`.

        Of a series, a row for each that has its history before it, with `prediction_1`, `prediction_2`, …; of a
        language model, `bits_per_character` of each text and, as `prediction`, how the model would go on.
        They are those of the evaluation, bit for bit where the rows come in the same batches. Memory beyond that of
        inputs and outputs does not grow with N. Raises DataError for inputs that do not fit.
        """
        if isinstance(inputs, pd.DataFrame):
            inputs = self._cleaning.clean(inputs)
        step = ROWS if self._preprocessor.independent else max(len(inputs), 1)
        parts = [self._part(inputs[start : start + step]) for start in range(0, max(len(inputs), 1), step)]
        predicted = pd.concat(parts)
        return predicted if isinstance(inputs, pd.DataFrame) else predicted.reset_index(drop=True)

    def _part(self, inputs: Any) -> pd.DataFrame:
        arrays = self._preprocessor.transform(inputs)
        rows = rows_of(arrays, self._spec)
        predicted = predict(self._network, rows, self._task) if len(rows) else self._nothing()
        if isinstance(self._preprocessor, TextPreprocessor) and isinstance(self._spec.outputs, TokensSpec):
            bits = predicted["nats"] / math.log(2) / arrays["characters"]
            columns = {"prediction": self._continuations(inputs, self._preprocessor), "bits_per_character": bits}
        else:
            columns = predicted_columns(predicted, self._spec.outputs)
        index = inputs.index[self._preprocessor.answered(inputs)] if isinstance(inputs, pd.DataFrame) else None
        return pd.DataFrame(columns, index=index)

    def _nothing(self) -> dict[str, np.ndarray]:
        """Give what is predicted for no row."""
        shape = (
            (0, 0, self._spec.outputs.size)
            if isinstance(self._spec.outputs, TokensSpec)
            else (0, self._spec.outputs.size)
        )
        return self._task.predict(torch.zeros(shape), torch.zeros(shape[:-1], dtype=torch.int64))

    def _continuations(self, inputs: pd.DataFrame, preprocessor: TextPreprocessor) -> np.ndarray:
        texts = inputs[preprocessor.column]
        return np.array([continuation(self._network, preprocessor, text) for text in texts], dtype=object)


def load_predictor(folder: Path) -> Predictor:
    """Load a predictor from a folder that holds those three files."""
    network, spec, task = load_network(folder)
    state = read_json(folder / PREPROCESSOR)
    return Predictor(network, spec, task, load_preprocessor(state), load_cleaning(state["cleaning"]))


def _load_pyfunc(data_path: str) -> Predictor:
    """Load the model for MLflow."""
    return load_predictor(Path(data_path))
