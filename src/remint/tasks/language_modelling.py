"""Language modelling: one logit a token id at each place, cross-entropy of the token that follows."""

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from remint.config.specs import PADDING, OutputSpec, TokensSpec
from remint.errors import ConfigError
from remint.tasks.base import Task


class LanguageModelling(Task):
    """See `Task`; outputs are N×L×vocabulary, the target is the next token (int64, N×L; PADDING: none)."""

    name = "language_modelling"
    metrics = {}

    def __init__(self, outputs: OutputSpec) -> None:
        if not isinstance(outputs, TokensSpec):
            raise ConfigError(f'task "language_modelling", but the target is {outputs.noun}; allowed: a text')

    def loss(self, outputs: Tensor, target: Tensor, label_smoothing: float = 0.0) -> Tensor:
        """Give the mean cross-entropy a token in nats."""
        return functional.cross_entropy(
            outputs.float().flatten(0, 1), target.flatten(), ignore_index=PADDING, label_smoothing=label_smoothing
        )

    def predict(self, outputs: Tensor, target: Tensor | None = None) -> dict[str, np.ndarray]:
        """Give `nats`, the negative log-likelihood of each row, and `tokens`, how many it is a sum over."""
        assert target is not None
        losses = functional.cross_entropy(
            outputs.float().flatten(0, 1), target.flatten(), ignore_index=PADDING, reduction="none"
        )
        nats = losses.view(target.shape).double().sum(dim=1)
        return {"nats": nats.numpy(), "tokens": (target != PADDING).double().sum(dim=1).numpy()}

    def count(self, target: Tensor) -> int:
        """Count the tokens to predict."""
        return int(torch.count_nonzero(target))

    def errors(self, outputs: Tensor, target: Tensor) -> dict[str, Tensor]:  # noqa: ARG002
        """Sum nothing: the loss says it all."""
        return {}

    def figures(self, means: dict[str, float]) -> dict[str, float]:  # noqa: ARG002
        """Give nothing: the loss says it all."""
        return {}


TASK = LanguageModelling
