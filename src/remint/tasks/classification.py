"""Classification: one logit a class, cross-entropy."""

import numpy as np
from torch import Tensor
from torch.nn import functional

from remint.config.specs import ClassesSpec, OutputSpec
from remint.errors import ConfigError
from remint.tasks.base import Task


class Classification(Task):
    """See `Task`; outputs are N×classes, the target is an index into the classes (int64, N)."""

    name = "classification"
    metrics = {"accuracy": True}

    def __init__(self, outputs: OutputSpec, temperature: float = 1.0) -> None:
        self._outputs, self._temperature = outputs, temperature
        if not isinstance(outputs, ClassesSpec):
            raise ConfigError(f'task "classification", but the target is {outputs.noun}; allowed: a category')

    def loss(self, outputs: Tensor, target: Tensor, label_smoothing: float = 0.0) -> Tensor:
        """Give the mean cross-entropy in nats."""
        return functional.cross_entropy(outputs.float(), target, label_smoothing=label_smoothing)

    def predict(self, outputs: Tensor, target: Tensor | None = None) -> dict[str, np.ndarray]:  # noqa: ARG002
        """Give `probabilities`, N×classes, rows of sum 1."""
        return {"probabilities": functional.softmax(outputs.double() / self._temperature, dim=1).numpy()}

    def calibrated(self, temperature: float) -> "Classification":
        """Give the task with logits divided by a temperature in `predict`."""
        return Classification(self._outputs, temperature)

    def errors(self, outputs: Tensor, target: Tensor) -> dict[str, Tensor]:
        """Count what is right."""
        return {"accuracy": (outputs.argmax(dim=1) == target).double().sum()}

    def figures(self, means: dict[str, float]) -> dict[str, float]:
        """Give the accuracy."""
        return means


TASK = Classification
