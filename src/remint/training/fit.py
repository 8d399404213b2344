"""Training a network: the one way in."""

import signal
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from remint.config.experiment import TrainerConfig
from remint.data.module import PreparedDataModule
from remint.determinism import deterministic
from remint.errors import ConfigError
from remint.memory import keep_freed_memory
from remint.tasks.base import Task
from remint.training.checkpoint import Checkpoints, Position
from remint.training.epochs import Epochs
from remint.training.lightning import TrainingModule, build_trainer, quiet
from remint.training.temperature import network_temperature
from remint.training.watch import Row, copy_of_weights


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
    checkpoints: Checkpoints | None = None,
) -> FitResult:
    """Train `network` in place and give what came of it. The same arguments give the same bytes.

    `on_epoch` is called with each new row of the history. `checkpoints` keep what a training that was cut off needs to
    go on, and tell where this one goes on; neither changes the result. Global state of torch is set here and put back.
    Raises DivergenceError when a loss is no longer finite, ConfigError for settings that do not fit task or data.
    """
    _check_augmentation(datamodule, settings)
    if settings.calibration == "temperature":
        task.calibrated(1.0)  # refuses a task without classes before the training, not after
    keep_freed_memory()
    epochs = Epochs(network, task, settings, on_epoch, checkpoints)
    with deterministic(settings.threads), quiet():
        _lay_out(network, torch.channels_last if settings.channels_last else torch.contiguous_format)
        _precompute(datamodule, network)
        network.train()  # Lightning keeps the mode that it finds
        if epochs.start is not None:
            network.load_state_dict(epochs.start.network)  # in place: the layout stays
        module = TrainingModule(network, task, settings, seed, datamodule.steps_per_epoch, epochs)
        _run(module, datamodule, settings, epochs.start)
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


def _run(
    module: TrainingModule, datamodule: PreparedDataModule, settings: TrainerConfig, start: Position | None
) -> None:
    """Run Lightning. It turns Ctrl-C into SystemExit and leaves SIGINT ignored: undo both."""
    epoch, batch = (start.epoch, start.batch) if start is not None else (0, 0)
    trainer = build_trainer(settings, epoch)
    datamodule.begin_at(epoch, batch)
    handler = signal.getsignal(signal.SIGINT)
    try:
        trainer.fit(module, datamodule=datamodule)
    except SystemExit as exit_:
        if isinstance(exit_.__context__, KeyboardInterrupt):
            signal.signal(signal.SIGINT, handler)
            raise KeyboardInterrupt from None
        raise
