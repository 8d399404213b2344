"""A fitted preprocessor: the same object prepares training data and serves raw inputs."""

import importlib
from abc import ABC, abstractmethod
from typing import Any, ClassVar, Protocol, cast

import numpy as np
import pandas as pd

from remint.config.dataset import SchemaConfig
from remint.config.preprocessing import Preprocessing
from remint.config.specs import InputSpec, OutputSpec
from remint.data.raw import RawData
from remint.preprocessing.target import encode_target, fit_target


class Preprocessor(ABC):
    """Turns raw inputs into the arrays that a network takes."""

    independent: ClassVar[bool] = True
    "Whether each raw row stands for itself, so that a long input may be taken in pieces."

    @property
    @abstractmethod
    def spec(self) -> InputSpec:
        """What `transform` gives."""

    @abstractmethod
    def transform(self, inputs: Any) -> dict[str, np.ndarray]:
        """Turn raw inputs (a table, or images) into arrays as the spec tells, without the target.

        Raises DataError for inputs that do not fit.
        """

    @abstractmethod
    def state(self) -> dict[str, Any]:
        """Give everything that was fitted, as JSON."""

    def inputs_of(self, raw: RawData) -> Any:
        """Give the part of raw data that `transform` takes, row for row."""
        return raw.rows

    def usable(self, raw: RawData, splits: np.ndarray) -> np.ndarray:  # noqa: ARG002
        """Tell which rows can be trained on (bool, N); `splits` holds the split of each."""
        return np.ones(len(raw.rows), dtype=bool)

    def answered(self, inputs: Any) -> np.ndarray:
        """Tell which raw inputs get a prediction when they are served (bool, N)."""
        return np.ones(len(inputs), dtype=bool)

    def moments(self, rows: pd.DataFrame) -> np.ndarray | None:  # noqa: ARG002
        """Number raw rows by their time (int64, N), one a step, where rows depend on their neighbours in time."""
        return None

    def outputs(self, raw: RawData, train: np.ndarray, schema: SchemaConfig) -> OutputSpec:
        """Describe the target by the rows that the mask `train` (bool, N) marks."""
        return fit_target(raw.rows[schema.target], train, schema)

    def arrays(
        self, raw: RawData, index: np.ndarray, schema: SchemaConfig, outputs: OutputSpec
    ) -> dict[str, np.ndarray]:
        """Give the arrays of the rows of `index` (int64), with their target.

        Raises DataError for rows that do not fit.
        """
        part = RawData(raw.rows.iloc[index], None if raw.images is None else raw.images[index])
        return {**self.transform(self.inputs_of(part)), "target": encode_target(part.rows[schema.target], outputs)}


class Modality(Protocol):
    """What a module of this package named after its modality offers."""

    def fit(self, raw: RawData, train: np.ndarray, schema: SchemaConfig, options: Preprocessing) -> Preprocessor:
        """Fit on the rows that the mask `train` (bool, N) marks, and on no other."""

    def load(self, state: dict[str, Any]) -> Preprocessor:
        """Give the preprocessor back from its state."""


def modality(name: str) -> Modality:
    """Find a modality's module by name."""
    return cast(Modality, importlib.import_module(f"remint.preprocessing.{name}"))


def load_preprocessor(state: dict[str, Any]) -> Preprocessor:
    """Give a preprocessor back from the content of `preprocessor.json`. It takes inputs that are clean already."""
    return modality(state["modality"]).load(state)
