"""What every machine-learning task tells about a network's outputs."""

import importlib
from abc import ABC, abstractmethod
from typing import ClassVar

import numpy as np
from torch import Tensor

from remint.config.specs import OutputSpec


class Task(ABC):
    """How outputs become a loss, predictions and metrics. A network's outputs are N×outputs.size."""

    name: ClassVar[str]
    metrics: ClassVar[dict[str, bool]]
    "What `epoch_metrics` gives: metric to whether higher is better."

    @abstractmethod
    def loss(self, outputs: Tensor, target: Tensor) -> Tensor:
        """Give the mean loss over N rows, a scalar that can be differentiated."""

    @abstractmethod
    def predict(self, outputs: Tensor) -> dict[str, np.ndarray]:
        """Give predictions in the unit of the raw column: arrays (float64) of N rows by name."""

    @abstractmethod
    def epoch_metrics(self, outputs: Tensor, target: Tensor) -> dict[str, float]:
        """Give the cheap metrics that are followed while training."""


def task(name: str, outputs: OutputSpec) -> Task:
    """Give the task of a name, for such outputs: the class `TASK` of the module of that name in this package.

    Raises ConfigError where the outputs do not fit the task.
    """
    built: Task = importlib.import_module(f"remint.tasks.{name}").TASK(outputs)
    return built
