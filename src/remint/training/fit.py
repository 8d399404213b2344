"""Training a network: the one way in."""

import math
import signal
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from remint import progress
from remint.config.experiment import TrainerConfig
from remint.data.module import PreparedDataModule
from remint.determinism import deterministic
from remint.errors import ConfigError, RemintError
from remint.memory import keep_freed_memory
from remint.tasks.base import Task
from remint.training.lightning import TrainingModule, build_trainer, quiet
from remint.training.temperature import network_temperature
from remint.training.watch import BestWeights, EarlyStopping, Row, copy_of_weights


@dataclass(frozen=True)
class FitResult:
    """A trained network."""

    weights: dict[str, Tensor]
    "State of the network, by name."
    history: list[Row]
    "A row an epoch: epoch (from 1), train_loss, val_loss, val_METRIC, lr (of the epoch's last step)."
    network: nn.Module
    "The network with these weights, in evaluation mode."
    temperature: float | None = None
    "What its logits are to be divided by; None where none was asked for."


def fit(
    datamodule: PreparedDataModule,
    network: nn.Module,
    task: Task,
    settings: TrainerConfig,
    seed: int,
    on_epoch: Callable[[Row], None] = lambda _: None,
) -> FitResult:
    """Train `network` in place and give what came of it. The same arguments give the same bytes.

    `on_epoch` is called with each row of the history. Global state of torch is set here and put back.
    Raises RemintError when a loss is no longer finite, ConfigError for settings that do not fit the task or the data.
    """
    _check_augmentation(datamodule, settings)
    if settings.calibration == "temperature":
        task.calibrated(1.0)  # refuses a task without classes before the training, not after
    keep_freed_memory()
    epochs = _Epochs(network, task, settings, on_epoch)
    with deterministic(settings.threads), quiet():
        _lay_out(network, torch.channels_last if settings.channels_last else torch.contiguous_format)
        _precompute(datamodule, network)
        network.train()  # Lightning keeps the mode that it finds
        module = TrainingModule(network, task, settings, seed, datamodule.steps_per_epoch, epochs.after)
        _run(module, datamodule, settings)
    weights = epochs.best.weights if settings.keep == "best" else copy_of_weights(network)
    _lay_out(network, torch.contiguous_format)
    network.load_state_dict(weights)
    network.eval()
    return FitResult(weights, epochs.history, network, _temperature(network, datamodule, settings))


def _check_augmentation(datamodule: PreparedDataModule, settings: TrainerConfig) -> None:
    changes = {name: value for name, value in settings.augmentation.model_dump().items() if value}
    if changes and "image" not in datamodule.train.batch(torch.zeros(1, dtype=torch.int64)):
        name, value = next(iter(changes.items()))
        raise ConfigError(f"trainer.augmentation.{name} is {value:g}; allowed for data without images: 0")


def _temperature(network: nn.Module, datamodule: PreparedDataModule, settings: TrainerConfig) -> float | None:
    if settings.calibration == "none":
        return None
    with deterministic(settings.threads):
        return network_temperature(network, datamodule.val)


class _Epochs:
    """What happens between epochs."""

    def __init__(
        self, network: nn.Module, task: Task, settings: TrainerConfig, on_epoch: Callable[[Row], None]
    ) -> None:
        self._network, self._settings, self._on_epoch = network, settings, on_epoch
        self.history: list[Row] = []
        self.best = BestWeights()
        better = {"train_loss": False, "val_loss": False, **{f"val_{k}": v for k, v in task.metrics.items()}}
        self._stopping = EarlyStopping(settings.early_stopping, better) if settings.early_stopping else None

    def after(self, row: Row) -> bool:
        """Record an epoch; tell whether it is the last."""
        _refuse_divergence(row)
        self.history.append(row)
        if self._settings.keep == "best":
            self.best.note(row, self._network)
        self._on_epoch(row)
        progress.report("training", int(row["epoch"]), self._settings.epochs)
        return self._stopping is not None and self._stopping.stops_after(row)


def _lay_out(network: nn.Module, layout: torch.memory_format) -> None:
    """Put the weights of convolutions into a memory layout; activations follow them."""
    for weight in network.parameters():
        if weight.ndim == 4:
            # `contiguous` would leave the strides of a one-channel weight as they are, and convolutions look at them.
            weight.data = torch.empty_like(weight, memory_format=layout).copy_(weight.detach())


def _precompute(datamodule: PreparedDataModule, network: nn.Module) -> None:
    """Run once the part of a network that is not trained, where it has one, and train the rest on what that gives."""
    precompute = getattr(network, "precompute", None)
    if precompute is None:
        return
    network.eval()
    with torch.inference_mode():
        if precompute(datamodule.train.batch(torch.zeros(1, dtype=torch.int64))):
            datamodule.precompute(precompute)


def _refuse_divergence(row: Row) -> None:
    for name in ("train_loss", "val_loss"):
        if not math.isfinite(row[name]):
            raise RemintError(
                f"training diverged: {name} is {row[name]} in epoch {row['epoch']:g} at learning rate {row['lr']:.3g}; "
                f"try a smaller trainer.lr, trainer.schedule.warmup or trainer.gradient_clip"
            )


def _run(module: TrainingModule, datamodule: PreparedDataModule, settings: TrainerConfig) -> None:
    """Run Lightning. It turns Ctrl-C into SystemExit and leaves SIGINT ignored: undo both."""
    trainer = build_trainer(settings)
    handler = signal.getsignal(signal.SIGINT)
    try:
        trainer.fit(module, datamodule=datamodule)
    except SystemExit as exit_:
        if isinstance(exit_.__context__, KeyboardInterrupt):
            signal.signal(signal.SIGINT, handler)
            raise KeyboardInterrupt from None
        raise
