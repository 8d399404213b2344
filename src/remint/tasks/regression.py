"""Regression: one output, squared error of the standardised target."""

import math

import numpy as np
from torch import Tensor
from torch.nn import functional

from remint.config.specs import NumberSpec, OutputSpec
from remint.errors import ConfigError
from remint.tasks.base import Task


class Regression(Task):
    """See `Task`; outputs are N×1, the target is a number (float32, N) in its raw unit."""

    name = "regression"
    metrics = {"rmse": False}

    def __init__(self, outputs: OutputSpec) -> None:
        if not isinstance(outputs, NumberSpec):
            raise ConfigError(f'task "regression", but the target is {outputs.noun}; allowed: a number')
        self._mean, self._std = outputs.mean, outputs.std

    def loss(self, outputs: Tensor, target: Tensor, label_smoothing: float = 0.0) -> Tensor:
        """Give the mean squared error in units of the train split's variance."""
        if label_smoothing:
            raise ConfigError(f"trainer.label_smoothing is {label_smoothing:g}; allowed for numbers: 0")
        return functional.mse_loss(outputs.float().squeeze(1), (target - self._mean) / self._std)

    def predict(self, outputs: Tensor, target: Tensor | None = None) -> dict[str, np.ndarray]:  # noqa: ARG002
        """Give `value` (N)."""
        return {"value": self._values(outputs).numpy()}

    def errors(self, outputs: Tensor, target: Tensor) -> dict[str, Tensor]:
        """Sum the squared errors in the target's raw unit."""
        return {"rmse": (self._values(outputs) - target.double()).square().sum()}

    def figures(self, means: dict[str, float]) -> dict[str, float]:
        """Give the root mean squared error in the target's raw unit."""
        return {"rmse": math.sqrt(means["rmse"])}

    def _values(self, outputs: Tensor) -> Tensor:
        return outputs.double().squeeze(1) * self._std + self._mean


TASK = Regression
