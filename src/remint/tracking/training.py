"""The run of a training at work."""

import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from remint.errors import RemintError
from remint.tracking.failures import store_errors
from remint.tracking.settings import impatient
from remint.tracking.values import metric_entries, send_entries

if TYPE_CHECKING:
    from mlflow.entities import Metric


@dataclass
class TrainingRun:
    """A run at work."""

    run_id: str
    logged: Mapping[str, int] = field(default_factory=dict)
    "Of each metric the last epoch that the store has, where the run goes on: what comes again is not sent again."
    earlier: float = 0.0
    "Seconds for which it had been at work before."
    _began: float = field(default_factory=time.monotonic)
    _unsent: "list[Metric]" = field(default_factory=list)

    @property
    def seconds(self) -> float:
        """For how long it has been at work in all, without the time between."""
        return self.earlier + time.monotonic() - self._began

    def about(self) -> tuple[str, float]:
        """Give what a checkpoint tells of the run: its id and its seconds."""
        return self.run_id, self.seconds

    def log_row(self, row: Mapping[str, float]) -> None:
        """Record a row of a training's history, like `log_epoch`."""
        self.log_epoch(*_epoch_of(row))

    def add_row(self, row: Mapping[str, float]) -> None:
        """Take a row of a training's history, like `add_epoch`."""
        self.add_epoch(*_epoch_of(row))

    def log_epoch(self, epoch: int, metrics: Mapping[str, float]) -> None:
        """Record an epoch's metrics in one request. What the store does not take is sent with the next epoch."""
        self.add_epoch(epoch, metrics)
        with suppress(RemintError), impatient():
            self.send()

    def add_epoch(self, epoch: int, metrics: Mapping[str, float]) -> None:
        """Take an epoch's metrics, to be sent later."""
        new = {name: value for name, value in metrics.items() if epoch > self.logged.get(name, -1)}
        self._unsent += metric_entries(new, epoch)

    def send(self) -> None:
        """Send what is not sent yet. Raises RemintError."""
        with store_errors():
            send_entries(self.run_id, self._unsent)
        self._unsent.clear()


def _epoch_of(row: Mapping[str, float]) -> tuple[int, dict[str, float]]:
    return int(row["epoch"]), {name: value for name, value in row.items() if name != "epoch"}
