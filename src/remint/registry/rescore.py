"""Scoring a version again, on the test split as it is today: by its own preprocessing, from the raw rows on."""

import hashlib
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd

from remint import paths
from remint.config.base import Config
from remint.config.evaluation import EvaluationConfig
from remint.config.load import load_section
from remint.config.specs import ClassesSpec, DataSpec, OutputSpec, SeriesSpec, TokensSpec
from remint.data.prepared import Prepared
from remint.data.raw import RawData, read_raw
from remint.errors import DataError
from remint.evaluation.scored import Scored
from remint.files import read_json
from remint.preprocessing.base import Preprocessor, load_preprocessor
from remint.preprocessing.text import TextPreprocessor
from remint.registry.checksums import DESCRIPTION, PREPROCESSOR
from remint.registry.predictions import Predictions, same_classes
from remint.registry.predictor import load_predictor

_PREDICTED = {"classes": "probabilities", "number": "value", "numbers": "values", "tokens": "nats"}
_TASKS = {
    "classes": "classification",
    "number": "regression",
    "numbers": "forecasting",
    "tokens": "language_modelling",
}


class _Section(Config):
    evaluation: EvaluationConfig


class TestSplit:
    """The test split of a dataset as it is prepared and declared now. Nothing is read before it is asked for."""

    __test__ = False

    def __init__(self, dataset: str) -> None:
        self.dataset = dataset
        self._prepared = Prepared(paths.prepared(dataset))

    @cached_property
    def digest(self) -> str:
        """Digest of the split's file and its raw row numbers. Raises DataError where it is not prepared."""
        self._prepared.split("test")
        whole = hashlib.sha256((self._prepared.folder / "test.safetensors").read_bytes())
        whole.update(self.rows["row"].to_numpy().astype("<i8").tobytes())
        return whole.hexdigest()

    @cached_property
    def rows(self) -> pd.DataFrame:
        """The raw rows, with the raw row number as `row`."""
        return self._prepared.rows("test")

    @property
    def config(self) -> EvaluationConfig:
        """What is declared about evaluating models of the dataset."""
        return load_section(paths.DATASETS_FILE, "datasets", self.dataset, _Section).evaluation

    def score(self, model: Path) -> Predictions:
        """Give what a version predicts of the split; `model` is its folder `data/`.

        Classes are the split's, then those that the version alone knows. Raises DataError where it cannot be scored.
        """
        outputs = self._prepared.spec.outputs
        own: OutputSpec = DataSpec.model_validate(read_json(model / DESCRIPTION)["spec"]).outputs
        if own.kind != outputs.kind:
            raise DataError(f"it predicts {own.noun}, and {self.dataset} now asks for {outputs.noun}")
        predicted = self._predicted(model)
        if len(predicted[_PREDICTED[own.kind]]) != len(self._target):
            raise DataError(f"it answers {len(predicted[_PREDICTED[own.kind]])} of {len(self._target)} test rows")
        rows, kind = self.rows["row"].to_numpy(), _TASKS[own.kind]
        if not isinstance(outputs, ClassesSpec) or not isinstance(own, ClassesSpec):
            return Predictions(kind, rows, self._target, predicted, moments=self._moments)  # type: ignore[arg-type]
        known = Predictions("classification", rows, np.zeros(len(rows), np.int64), predicted, own.classes)
        nothing = np.zeros((len(rows), len(outputs.classes)))
        truth = Predictions("classification", rows, self._target, {"probabilities": nothing}, outputs.classes)
        truth, known = same_classes(truth, known)
        return Predictions("classification", rows, truth.target, known.predicted, known.classes)

    def scored(self, predictions: Predictions) -> Scored:
        """Put predictions of the whole split together with its rows."""
        spec = self._prepared.spec
        if isinstance(spec.outputs, ClassesSpec):
            spec = spec.model_copy(update={"outputs": ClassesSpec(classes=predictions.classes)})
        arrays = self._prepared.split("test")
        task, target, predicted = predictions.task, predictions.target, predictions.predicted
        return Scored(task, spec, arrays, self.rows, target, predicted, self._moments)

    @property
    def unknown_token(self) -> int | None:
        """Token that stands for what the dataset's tokenizer does not know."""
        return self._fitted.unknown if isinstance(self._fitted, TextPreprocessor) else None

    @cached_property
    def _fitted(self) -> Preprocessor:
        return load_preprocessor(read_json(self._prepared.folder / PREPROCESSOR))

    @property
    def _moments(self) -> np.ndarray | None:
        return self._fitted.moments(self.rows)

    @cached_property
    def _target(self) -> np.ndarray:
        arrays = self._prepared.split("test")
        return arrays["characters" if isinstance(self._prepared.spec.outputs, TokensSpec) else "target"]

    def _predicted(self, model: Path) -> dict[str, np.ndarray]:
        raw, rows = read_raw(paths.raw(self.dataset)), self.rows["row"].to_numpy()
        predictor = load_predictor(model)
        if not isinstance(self._prepared.spec.inputs, SeriesSpec):
            return predictor.score(raw.rows.iloc[rows] if raw.images is None else raw.images[rows])
        return {name: values[_places(raw, rows, model)] for name, values in predictor.score(raw.rows).items()}


def _places(raw: RawData, rows: np.ndarray, model: Path) -> np.ndarray:
    """Find raw rows among those of a series that a version answers. Raises DataError for one that it does not."""
    answered = np.flatnonzero(load_preprocessor(read_json(model / PREPROCESSOR)).answered(raw.rows))
    places = pd.Index(answered).get_indexer(pd.Index(rows))
    if (places < 0).any():
        raise DataError(f"it has no history before row {rows[int((places < 0).argmax())]}")
    found: np.ndarray = places
    return found
