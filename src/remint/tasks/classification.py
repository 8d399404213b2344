"""Classification: one logit a class, cross-entropy."""

import numpy as np
from torch import Tensor
from torch.nn import functional

from remint.config.specs import ClassesSpec, OutputSpec
from remint.errors import ConfigError
from remint.tasks.base import Task


class Classification(Task):
    """See `Task`; the target is an index into the classes (int64, N)."""

    name = "classification"
    metrics = {"accuracy": True}

    def __init__(self, outputs: OutputSpec) -> None:
        if not isinstance(outputs, ClassesSpec):
            raise ConfigError('task "classification", but the target is a number; use regression')

    def loss(self, outputs: Tensor, target: Tensor) -> Tensor:
        """Give the mean cross-entropy in nats."""
        return functional.cross_entropy(outputs.float(), target)

    def predict(self, outputs: Tensor) -> dict[str, np.ndarray]:
        """Give `probabilities`, N×classes, rows of sum 1."""
        return {"probabilities": functional.softmax(outputs.double(), dim=1).numpy()}

    def epoch_metrics(self, outputs: Tensor, target: Tensor) -> dict[str, float]:
        """Give the accuracy."""
        return {"accuracy": (outputs.argmax(dim=1) == target).double().mean().item()}


TASK = Classification
