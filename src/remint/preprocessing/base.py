"""A fitted preprocessor: the same object prepares training data and serves raw inputs."""

import importlib
from typing import Any, Protocol, cast

import numpy as np

from remint.config.dataset import SchemaConfig, TabularPreprocessing
from remint.config.specs import InputSpec
from remint.data.raw import RawData


class Preprocessor(Protocol):
    """Turns raw inputs into the arrays that a network takes."""

    @property
    def spec(self) -> InputSpec:
        """What `transform` gives."""

    def transform(self, inputs: Any) -> dict[str, np.ndarray]:
        """Turn N raw inputs (a table, or images) into arrays of N rows as the spec tells, without the target.

        Raises DataError for inputs that do not fit.
        """

    def inputs_of(self, raw: RawData) -> Any:
        """Give the part of raw data that `transform` takes, row for row."""

    def usable(self, raw: RawData) -> np.ndarray:
        """Tell which rows can be trained on (bool, N)."""

    def state(self) -> dict[str, Any]:
        """Give everything that was fitted, as JSON."""


class Modality(Protocol):
    """What a module of this package named after its modality offers."""

    def fit(self, raw: RawData, train: np.ndarray, schema: SchemaConfig, options: TabularPreprocessing) -> Preprocessor:
        """Fit on the rows that the mask `train` (bool, N) marks, and on no other."""

    def load(self, state: dict[str, Any]) -> Preprocessor:
        """Give the preprocessor back from its state."""


def modality(name: str) -> Modality:
    """Find a modality's module by name."""
    return cast(Modality, importlib.import_module(f"remint.preprocessing.{name}"))


def load_preprocessor(state: dict[str, Any]) -> Preprocessor:
    """Give a preprocessor back from the content of `preprocessor.json`."""
    return modality(state["modality"]).load(state)
