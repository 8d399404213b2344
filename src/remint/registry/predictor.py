"""The model that MLflow serves: it takes raw inputs and holds the preprocessing that was fitted for it.

Its folder holds the files that `remint.registry.checksums` names. MLflow loads it by `_load_pyfunc` from the code that
is kept with it, so it imports neither Lightning nor anything else that only training needs.
"""

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd
import torch
from torch import nn

from remint.config.specs import DataSpec, TokensSpec
from remint.data.rows import rows_of
from remint.errors import ConfigError, DataError
from remint.evaluation.generate import continuation
from remint.evaluation.predict import predict
from remint.evaluation.tables import predicted_columns
from remint.files import read_json
from remint.models.store import load_network
from remint.preprocessing.base import Preprocessor, load_preprocessor
from remint.preprocessing.cleaning import Cleaning, load_cleaning
from remint.preprocessing.text import TextPreprocessor
from remint.registry.checksums import PREPROCESSOR, SCHEMA, verify
from remint.registry.input_schema import InputSchema
from remint.registry.problems import ERROR, told, type_problems, value_problems, with_errors, without_blanks
from remint.tasks.base import Task

OnError = Literal["raise", "skip"]
ROWS = 64 * 256
"Rows preprocessed at a time: whole batches, so that the bits are those of the evaluation."
PIXELS = 64 * 2**20
"Bytes of images preprocessed at a time, which can mean fewer rows, of whole batches still."
BATCH = 256


class Predictor:
    """Predicts on raw inputs: a table with at least the columns that the model takes, or uint8 images N×H×W×C."""

    def __init__(
        self,
        network: nn.Module,
        spec: DataSpec,
        task: Task,
        preprocessor: Preprocessor,
        cleaning: Cleaning,
        schema: InputSchema,
    ) -> None:
        self.spec, self.schema = spec, schema
        self.network, self.task = network, task
        self.preprocessor, self.cleaning = preprocessor, cleaning

    @property
    def rows(self) -> int | None:
        """Rows that are best handed over at a time: whole batches. None where a row needs the others beside it."""
        if not self.preprocessor.independent:
            return None
        if self.schema.image is None:
            return ROWS
        return min(max(PIXELS // math.prod(self.schema.image) // BATCH, 1) * BATCH, ROWS)

    def predict(self, inputs: Any, on_error: OnError = "raise") -> pd.DataFrame:
        """Give N rows: `prediction`, and for classification the probability of each class as `p_CLASS`.

        Of a series, a row for each that has its history before it, with `prediction_1`, `prediction_2`, …; of a
        language model, `bits_per_character` of each text and, as `prediction`, how the model would go on.
        They are those of the evaluation, bit for bit where the rows come in the same batches. Memory beyond that of
        inputs and outputs does not grow with N.

        A row that does not fit the schema raises DataError, or with `on_error="skip"` comes back without a prediction
        and with the reason as `error`; so does a row of a series with too little history. Columns that are missing or
        not declared, and images of another shape, always raise.
        """
        if on_error not in ("raise", "skip"):
            raise ConfigError(f'on_error is "{on_error}"; allowed: raise, skip')
        if self.schema.image is None:
            inputs = self._table(inputs)
        parts = [self._answer(part, on_error) for part in self._parts(inputs)]
        answered = parts[0] if len(parts) == 1 else pd.concat(parts)
        return answered if isinstance(inputs, pd.DataFrame) else answered.reset_index(drop=True)

    def score(self, inputs: Any) -> dict[str, np.ndarray]:
        """Give what the task predicts of raw inputs, by name: `probabilities`, `value`, `values` or `nats`, `tokens`.

        Inputs are not looked at by the schema, and no text is written. Raises DataError for inputs that do not fit.
        """
        if isinstance(inputs, pd.DataFrame):
            inputs = self.cleaning.clean(inputs)
        parts = [self.score_arrays(self.preprocessor.transform(part)) for part in self._parts(inputs)]
        return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}

    def score_arrays(self, arrays: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Give what the task predicts of what the preprocessor gave."""
        rows = rows_of(arrays, self.spec)
        return predict(self.network, rows, self.task) if len(rows) else self._nothing()

    def _table(self, inputs: Any) -> pd.DataFrame:
        if not isinstance(inputs, pd.DataFrame):
            raise DataError(f"inputs are {type(inputs).__name__}; allowed: a table with {', '.join(self.schema.taken)}")
        self.schema.check_columns(inputs.columns)
        return without_blanks(self.schema, inputs[list(self.schema.taken)])

    def _parts(self, inputs: Any) -> Iterator[Any]:
        step = self.rows or max(len(inputs), 1)
        return (inputs[start : start + step] for start in range(0, max(len(inputs), 1), step))

    def _answer(self, inputs: Any, on_error: OnError) -> pd.DataFrame:
        """Answer inputs, all of whose columns are there."""
        if not isinstance(inputs, pd.DataFrame):
            answer = self._predict(inputs)
            return answer.assign(**{ERROR: None}) if on_error == "skip" else answer
        good, clean, errors = self._checked(inputs)
        if on_error == "raise":
            if errors:
                raise DataError(errors[min(errors)])
            return self._predict(clean)
        if not self.preprocessor.independent and len(clean):
            errors |= self._without_history(clean, good)
        every = len(errors) == len(inputs) and not self.preprocessor.independent
        answer = self._empty() if every else self._predict(clean)
        answered = np.setdiff1d(np.arange(len(inputs)), np.array(list(errors), dtype=np.int64))
        return with_errors(answer, answered, errors, inputs.index)

    def _checked(self, inputs: pd.DataFrame) -> tuple[np.ndarray, pd.DataFrame, dict[int, str]]:
        """Give the row numbers of what fits, those rows cleaned, and what is wrong with the others by row number."""
        errors = told(type_problems(self.schema, inputs), inputs)
        good = np.delete(np.arange(len(inputs)), list(errors))
        typed = inputs.iloc[good] if errors else inputs
        clean = self.cleaning.clean(typed) if self.cleaning.columns else typed
        found = told(value_problems(self.schema, clean), clean)
        if found:
            errors |= {int(good[row]): text for row, text in found.items()}
            keep = np.delete(np.arange(len(good)), list(found))
            good, clean = good[keep], clean.iloc[keep]
        return good, clean, errors

    def _without_history(self, clean: pd.DataFrame, good: np.ndarray) -> dict[int, str]:
        rows = good[~self.preprocessor.answered(clean)]
        return {int(row): "less history before it than the model takes" for row in rows}

    def _predict(self, inputs: Any) -> pd.DataFrame:
        arrays = self.preprocessor.transform(inputs)
        predicted = self.score_arrays(arrays)
        if isinstance(self.preprocessor, TextPreprocessor) and isinstance(self.spec.outputs, TokensSpec):
            bits = predicted["nats"] / math.log(2) / arrays["characters"]
            columns = {"prediction": self._continuations(inputs, self.preprocessor), "bits_per_character": bits}
        else:
            columns = predicted_columns(predicted, self.spec.outputs)
        index = inputs.index[self.preprocessor.answered(inputs)] if isinstance(inputs, pd.DataFrame) else None
        return pd.DataFrame(columns, index=index)

    def _nothing(self) -> dict[str, np.ndarray]:
        """Give what is predicted for no row."""
        size = self.spec.outputs.size
        shape = (0, 0, size) if isinstance(self.spec.outputs, TokensSpec) else (0, size)
        return self.task.predict(torch.zeros(shape), torch.zeros(shape[:-1], dtype=torch.int64))

    def _empty(self) -> pd.DataFrame:
        return pd.DataFrame(predicted_columns(self._nothing(), self.spec.outputs))

    def _continuations(self, inputs: pd.DataFrame, preprocessor: TextPreprocessor) -> np.ndarray:
        texts = inputs[preprocessor.column]
        return np.array([continuation(self.network, preprocessor, text) for text in texts], dtype=object)


def load_predictor(folder: Path, digest: str | None = None) -> Predictor:
    """Load a predictor from the folder of a registered model's files, every one of them checked by its sha256.

    `digest` is that of `checksums.json`. Raises DataError for a file that was changed.
    """
    verify(folder, digest)
    network, spec, task = load_network(folder)
    state = read_json(folder / PREPROCESSOR)
    schema = InputSchema.model_validate(read_json(folder / SCHEMA))
    return Predictor(network, spec, task, load_preprocessor(state), load_cleaning(state["cleaning"]), schema)


class Served:
    """A predictor as MLflow calls it."""

    def __init__(self, predictor: Predictor) -> None:
        self._predictor = predictor

    def predict(self, inputs: Any, params: dict[str, Any] | None = None) -> pd.DataFrame:
        """See `Predictor.predict`; `params` may hold `on_error`."""
        return self._predictor.predict(inputs, **(params or {}))


def _load_pyfunc(data_path: str) -> Served:
    """Load the model for MLflow."""
    return Served(load_predictor(Path(data_path)))
