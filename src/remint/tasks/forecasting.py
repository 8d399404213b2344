"""Forecasting: an output a step ahead, squared error of the standardised target."""

import math

import numpy as np
from torch import Tensor
from torch.nn import functional

from remint.config.specs import NumbersSpec, OutputSpec
from remint.errors import ConfigError
from remint.tasks.base import Task


class Forecasting(Task):
    """See `Task`; outputs are N×horizon, the target is numbers (float32, N×horizon) in their raw unit."""

    name = "forecasting"
    metrics = {"rmse": False}

    def __init__(self, outputs: OutputSpec) -> None:
        if not isinstance(outputs, NumbersSpec):
            raise ConfigError(f'task "forecasting", but the target is {outputs.noun}; allowed: a series')
        self._mean, self._std = outputs.mean, outputs.std

    def loss(self, outputs: Tensor, target: Tensor, label_smoothing: float = 0.0) -> Tensor:
        """Give the mean squared error over all steps, in units of the train split's variance."""
        if label_smoothing:
            raise ConfigError(f"trainer.label_smoothing is {label_smoothing:g}; allowed for numbers: 0")
        return functional.mse_loss(outputs.float(), (target - self._mean) / self._std)

    def predict(self, outputs: Tensor, target: Tensor | None = None) -> dict[str, np.ndarray]:  # noqa: ARG002
        """Give `values` (N×horizon)."""
        return {"values": self._values(outputs).numpy()}

    def errors(self, outputs: Tensor, target: Tensor) -> dict[str, Tensor]:
        """Sum, over rows, the squared errors in the target's raw unit, averaged over the steps."""
        return {"rmse": (self._values(outputs) - target.double()).square().mean(dim=1).sum()}

    def figures(self, means: dict[str, float]) -> dict[str, float]:
        """Give the root mean squared error over all steps, in the target's raw unit."""
        return {"rmse": math.sqrt(means["rmse"])}

    def _values(self, outputs: Tensor) -> Tensor:
        return outputs.double() * self._std + self._mean


TASK = Forecasting
