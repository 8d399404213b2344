"""What is decided between two epochs: whether to stop, and which weights to keep."""

import math
from collections.abc import Sequence

from torch import Tensor, nn

from remint.config.experiment import EarlyStoppingConfig
from remint.errors import ConfigError

Row = dict[str, float]
"An epoch's figures by name."


class EarlyStopping:
    """Tells when the monitored figure has not improved by more than `min_delta` for `patience` epochs."""

    def __init__(
        self, config: EarlyStoppingConfig, higher_is_better: dict[str, bool], history: Sequence[Row] = ()
    ) -> None:
        if config.monitor not in higher_is_better:
            raise ConfigError(
                f'trainer.early_stopping.monitor is "{config.monitor}"; allowed: {", ".join(sorted(higher_is_better))}'
            )
        self._config = config
        self._sign = -1.0 if higher_is_better[config.monitor] else 1.0
        self._best, self._waited = math.inf, 0
        for row in history:
            self.stops_after(row)

    def stops_after(self, row: Row) -> bool:
        """Take note of an epoch; tell whether it is the last."""
        value = self._sign * row[self._config.monitor]
        if value < self._best - self._config.min_delta:
            self._best, self._waited = value, 0
        else:
            self._waited += 1
        return self._waited >= self._config.patience


class BestWeights:
    """Keeps a copy of the weights of the epoch with the lowest validation loss; of equals the first.

    `weights` are those of the best epoch of `history`, where a training goes on.
    """

    def __init__(self, history: Sequence[Row] = (), weights: dict[str, Tensor] | None = None) -> None:
        self._loss = min((row["val_loss"] for row in history), default=math.inf)
        self.weights = weights or {}

    def note(self, row: Row, network: nn.Module) -> None:
        """Take note of an epoch."""
        if row["val_loss"] < self._loss:
            self._loss = row["val_loss"]
            self.weights = copy_of_weights(network)


def copy_of_weights(network: nn.Module) -> dict[str, Tensor]:
    """Copy the network's state, each tensor in C order."""
    return {name: tensor.detach().clone().contiguous() for name, tensor in network.state_dict().items()}
