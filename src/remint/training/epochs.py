"""What happens between the steps and the epochs of a training: its history, its end, its checkpoints."""

import math
from collections.abc import Callable

from torch import nn

from remint import progress
from remint.config.experiment import TrainerConfig
from remint.errors import RemintError
from remint.tasks.base import Task
from remint.training.checkpoint import Checkpoint, Checkpoints, Position
from remint.training.watch import BestWeights, EarlyStopping, Row


class DivergenceError(RemintError):
    """A loss is no longer finite. It would be so again: training is deterministic."""


class Epochs:
    """Takes note of steps and epochs; goes on from the checkpoint that `checkpoints` name, where there is one.

    Raises ConfigError for an early stopping that monitors what the task does not give.
    """

    def __init__(
        self,
        network: nn.Module,
        task: Task,
        settings: TrainerConfig,
        on_epoch: Callable[[Row], None],
        checkpoints: Checkpoints | None = None,
    ) -> None:
        self._network, self._settings, self._on_epoch = network, settings, on_epoch
        self._checkpoints = checkpoints
        start = checkpoints.start if checkpoints is not None else None
        self.start: Position | None = start.position if start is not None else None
        self.history: list[Row] = list(start.history) if start is not None else []
        self.best = BestWeights(self.history, start.best) if start is not None else BestWeights()
        better = {"train_loss": False, "val_loss": False, **{f"val_{k}": v for k, v in task.metrics.items()}}
        stopping = settings.early_stopping
        self._stopping = EarlyStopping(stopping, better, self.history) if stopping else None

    def after(self, row: Row) -> bool:
        """Record an epoch; tell whether it is the last. Raises DivergenceError."""
        _refuse_divergence(row)
        self.history.append(row)
        if self._settings.keep == "best":
            self.best.note(row, self._network)
        self._on_epoch(row)
        progress.report("training", int(row["epoch"]), self._settings.epochs)
        return self._stopping is not None and self._stopping.stops_after(row)

    def stepped(self) -> bool:
        """Take note of a step of the optimizer; tell whether a checkpoint is due."""
        return self._checkpoints is not None and self._checkpoints.stepped()

    @property
    def due(self) -> bool:
        """Whether a checkpoint is due."""
        return self._checkpoints is not None and self._checkpoints.due

    def keep(self, position: Position) -> None:
        """Write a checkpoint."""
        if self._checkpoints is not None:
            self._checkpoints.save(Checkpoint(position, self.history, self.best.weights))


def _refuse_divergence(row: Row) -> None:
    for name in ("train_loss", "val_loss"):
        if not math.isfinite(row[name]):
            raise DivergenceError(
                f"training diverged: {name} is {row[name]} in epoch {row['epoch']:g} at learning rate {row['lr']:.3g}; "
                f"try a smaller trainer.lr, trainer.schedule.warmup or trainer.gradient_clip"
            )
