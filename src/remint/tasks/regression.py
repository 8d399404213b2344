"""Regression: one output, squared error of the standardised target."""

import numpy as np
from torch import Tensor
from torch.nn import functional

from remint.config.specs import NumberSpec, OutputSpec
from remint.errors import ConfigError
from remint.tasks.base import Task


class Regression(Task):
    """See `Task`; the target is a number (float32, N) in its raw unit."""

    name = "regression"
    metrics = {"rmse": False}

    def __init__(self, outputs: OutputSpec) -> None:
        if not isinstance(outputs, NumberSpec):
            raise ConfigError('task "regression", but the target is a class; use classification')
        self._mean, self._std = outputs.mean, outputs.std

    def loss(self, outputs: Tensor, target: Tensor) -> Tensor:
        """Give the mean squared error in units of the train split's variance."""
        return functional.mse_loss(outputs.float().squeeze(1), (target - self._mean) / self._std)

    def predict(self, outputs: Tensor) -> dict[str, np.ndarray]:
        """Give `value` (N)."""
        return {"value": self._values(outputs).numpy()}

    def epoch_metrics(self, outputs: Tensor, target: Tensor) -> dict[str, float]:
        """Give the root mean squared error in the target's raw unit."""
        return {"rmse": functional.mse_loss(self._values(outputs), target.double()).sqrt().item()}

    def _values(self, outputs: Tensor) -> Tensor:
        return outputs.double().squeeze(1) * self._std + self._mean


TASK = Regression
