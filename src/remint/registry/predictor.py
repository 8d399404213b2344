"""The model that MLflow serves: it takes raw inputs and holds the preprocessing that was fitted for it.

Its folder holds `weights.safetensors`, `model.json` and `preprocessor.json`. MLflow loads it by `_load_pyfunc` from the
code that is kept with it, so it imports neither Lightning nor anything else that only training needs.
"""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from torch import nn

from remint.config.specs import DataSpec
from remint.evaluation.predict import BATCH, predict
from remint.evaluation.tables import predicted_columns
from remint.files import read_json
from remint.models.store import load_network
from remint.preprocessing.base import Preprocessor, load_preprocessor
from remint.tasks.base import Task

PREPROCESSOR = "preprocessor.json"
ROWS = 64 * BATCH
"Rows preprocessed at a time: whole batches, so that the bits are those of the evaluation."


class Predictor:
    """Predicts on raw inputs: a table with at least the feature columns, or uint8 images N×H×W×C."""

    def __init__(self, network: nn.Module, spec: DataSpec, task: Task, preprocessor: Preprocessor) -> None:
        self._network, self._spec, self._task, self._preprocessor = network, spec, task, preprocessor

    def predict(self, inputs: Any) -> pd.DataFrame:
        """Give N rows: `prediction`, and for classification the probability of each class as `p_CLASS`.

        They are those of the evaluation, bit for bit where the rows come in the same batches. Memory beyond that of
        inputs and outputs does not grow with N. Raises DataError for inputs that do not fit.
        """
        parts = [self._part(inputs[start : start + ROWS]) for start in range(0, max(len(inputs), 1), ROWS)]
        predicted = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
        index = inputs.index if isinstance(inputs, pd.DataFrame) else None
        return pd.DataFrame(predicted_columns(predicted, self._spec.outputs), index=index)

    def _part(self, inputs: Any) -> dict[str, np.ndarray]:
        arrays = self._preprocessor.transform(inputs)
        if len(inputs) == 0:
            return self._task.predict(torch.zeros(0, self._spec.outputs.size))
        return predict(self._network, arrays, self._task)


def load_predictor(folder: Path) -> Predictor:
    """Load a predictor from a folder that holds those three files."""
    network, spec, task = load_network(folder)
    return Predictor(network, spec, task, load_preprocessor(read_json(folder / PREPROCESSOR)))


def _load_pyfunc(data_path: str) -> Predictor:
    """Load the model for MLflow."""
    return load_predictor(Path(data_path))
