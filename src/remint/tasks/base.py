"""What every machine-learning task tells about a network's outputs."""

import importlib
from abc import ABC, abstractmethod
from typing import ClassVar

import numpy as np
import torch
from torch import Tensor

from remint.config.specs import OutputSpec
from remint.errors import ConfigError


class Task(ABC):
    """How outputs become a loss, predictions and metrics. What a network gives of N rows, the task's module tells."""

    name: ClassVar[str]
    metrics: ClassVar[dict[str, bool]]
    "What is followed while training: metric to whether higher is better."

    @abstractmethod
    def loss(self, outputs: Tensor, target: Tensor, label_smoothing: float = 0.0) -> Tensor:
        """Give the mean loss over what the target holds, a scalar that can be differentiated."""

    @abstractmethod
    def predict(self, outputs: Tensor, target: Tensor | None = None) -> dict[str, np.ndarray]:
        """Give predictions in the unit of the raw column: arrays (float64) of N rows by name."""

    @abstractmethod
    def errors(self, outputs: Tensor, target: Tensor) -> dict[str, Tensor]:
        """Give sums (float64) of what the metrics need, over the same things as the loss."""

    def calibrated(self, temperature: float) -> "Task":  # noqa: ARG002
        """Give the task with logits divided by a temperature where probabilities are predicted.

        Raises ConfigError for a task without classes.
        """
        raise ConfigError(f'trainer.calibration is "temperature"; allowed for {self.name}: "none"')

    def count(self, target: Tensor) -> int:
        """Tell over how many things the loss is a mean."""
        return len(target)

    @abstractmethod
    def figures(self, means: dict[str, float]) -> dict[str, float]:
        """Turn the means of what `errors` sums into the metrics."""

    def sums(self, outputs: Tensor, target: Tensor) -> dict[str, float]:
        """Give what an epoch's metrics are made of: sums that add up over batches."""
        count = self.count(target)
        errors = {name: error.item() for name, error in self.errors(outputs, target).items()}
        return {"count": float(count), "loss": self.loss(outputs, target).item() * count, **errors}

    def epoch_figures(self, batches: list[dict[str, float]]) -> dict[str, float]:
        """Give `loss` and the metrics of an epoch from the sums of its batches."""
        columns = {name: [sums[name] for sums in batches] for name in batches[0]}
        totals = {name: torch.tensor(column, dtype=torch.float64).sum().item() for name, column in columns.items()}
        means = {name: total / totals["count"] for name, total in totals.items() if name != "count"}
        return {"loss": means.pop("loss"), **self.figures(means)}


def task(name: str, outputs: OutputSpec) -> Task:
    """Give the task of a name, for such outputs: the class `TASK` of the module of that name in this package.

    Raises ConfigError where the outputs do not fit the task.
    """
    built: Task = importlib.import_module(f"remint.tasks.{name}").TASK(outputs)
    return built
