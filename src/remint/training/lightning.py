"""The LightningModule around any network and task, and the Trainer that runs it.

Lightning costs a fixed time per call of `training_step`, which counts for small networks. So a call learns from a group
of batches, by manual optimization with a plain torch optimizer, and nothing is logged through Lightning.
"""

import logging
import warnings
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import pytorch_lightning as pl
import torch
from lightning_fabric.plugins.environments.lightning import LightningEnvironment
from torch import Tensor, nn
from torch.optim import Optimizer

from remint.config.experiment import AugmentationConfig, TrainerConfig
from remint.data.module import GROUP
from remint.data.rows import Batch
from remint.seeds import derive_seed
from remint.tasks.base import Task
from remint.training.augmentation import augment
from remint.training.checkpoint import Position
from remint.training.epochs import Epochs
from remint.training.optimizers import build_optimizer, l1_penalty, weights
from remint.training.schedules import learning_rate


class TrainingModule(pl.LightningModule):
    """Trains a network on a task. Tells `epochs` each step and each epoch's figures; training ends where that says so.

    Everything random inside step k is drawn from (seed, k). Where `epochs` goes on from a checkpoint, so do the
    optimizer and the epoch's losses; the network has its weights already.
    """

    def __init__(
        self,
        network: nn.Module,
        task: Task,
        settings: TrainerConfig,
        seed: int,
        steps_per_epoch: int,
        epochs: Epochs,
    ) -> None:
        super().__init__()
        self.automatic_optimization = False
        self.network = network
        self._task, self._settings, self._seed = task, settings, seed
        self._steps_per_epoch, self._epochs = steps_per_epoch, epochs
        self._penalised = weights(network) if settings.l1 > 0 else []
        self._penalty: Callable[[Batch], Tensor] | None = getattr(network, "penalty", None)
        self._augments = settings.augmentation != AugmentationConfig()
        self._parameters_list = [p for p in network.parameters() if p.requires_grad]
        self._first_step = self._learned = 0
        self._losses: list[float] = []
        self._sizes: list[int] = []
        self._start = epochs.start
        if self._start is not None:
            self._losses, self._sizes = list(self._start.losses), list(self._start.sizes)
        self._validated: list[dict[str, float]] = []

    def __setattr__(self, name: str, value: Any) -> None:
        """Take a short way for the one attribute that Lightning sets twenty times a step: 5 % of a small network's."""
        if name == "_current_fx_name":
            self.__dict__[name] = value
        else:
            super().__setattr__(name, value)

    def transfer_batch_to_device(self, batch: Any, device: torch.device, dataloader_idx: int) -> Any:  # noqa: ARG002
        """Leave batches where they are: everything here is on the CPU."""
        return batch

    def configure_optimizers(self) -> Optimizer:
        """Build the optimizer; the rate is set at every step."""
        self._optimizer = build_optimizer(self.network, self._settings)
        if self._start is not None:
            self._optimizer.load_state_dict(self._start.optimizer)
        return self._optimizer

    def on_train_epoch_start(self) -> None:
        """Note where the epoch begins, and how many of its batches are learned."""
        self._first_step = self.current_epoch * self._steps_per_epoch
        resumed = self._start is not None and self._start.epoch == self.current_epoch
        self._learned = self._start.batch if self._start is not None and resumed else 0

    def training_step(self, batches: Iterable[Batch], batch_idx: int) -> None:
        """Learn from a group of batches."""
        for number, batch in enumerate(batches, start=max(batch_idx * GROUP, self._learned)):
            self.learn(batch, number)

    def learn(self, batch: Batch, number: int) -> None:
        """Learn from an epoch's batch of a number, from 0.

        After every `accumulate` of them, and after the epoch's last, the optimizer steps.
        """
        step, settings = self._first_step + number, self._settings
        torch.default_generator.manual_seed(derive_seed(self._seed, "step", step))
        loss, shared = self._loss(batch), self._batches_of_step(number)
        torch.autograd.backward(loss if shared == 1 else loss / shared)
        if (number + 1) % settings.accumulate and number + 1 < self._steps_per_epoch:
            return
        if settings.gradient_clip is not None:
            nn.utils.clip_grad_norm_(self._parameters_list, settings.gradient_clip)
        self._set_rate(learning_rate(settings, step, self._steps_per_epoch))
        self._optimizer.step()
        self._optimizer.zero_grad()
        if self._epochs.stepped() and number + 1 < self._steps_per_epoch:
            self._epochs.keep(self._position(self.current_epoch, number + 1))

    def _loss(self, batch: Batch) -> Tensor:
        """Give the loss with all penalties; note it without them."""
        if self._augments:
            batch = batch | {"image": augment(batch["image"], self._settings.augmentation)}
        target = batch["target"]
        loss = self._task.loss(self.network(batch), target, self._settings.label_smoothing)
        self._losses.append(loss.item())  # a tensor that stays would lie where the step's large blocks were
        self._sizes.append(self._task.count(target))
        if self._penalised:
            loss = loss + self._settings.l1 * l1_penalty(self._penalised)
        return loss if self._penalty is None else loss + self._penalty(batch)

    def _batches_of_step(self, number: int) -> int:
        """Tell how many batches share the optimizer's step of this one; at an epoch's end there may be fewer."""
        group = self._settings.accumulate
        return min(group, self._steps_per_epoch - number // group * group)

    def validation_step(self, batch: Batch) -> None:
        """Sum up what the epoch's metrics need."""
        self._validated.append(self._task.sums(self.network(batch), batch["target"]))

    def on_train_epoch_end(self) -> None:
        """Compute the epoch's figures; Lightning has validated by now."""
        done = self.current_epoch + 1
        losses, sizes = (torch.tensor(values, dtype=torch.float64) for values in (self._losses, self._sizes))
        validated = self._task.epoch_figures(self._validated)
        row = {
            "epoch": done,
            "train_loss": (losses @ sizes / sizes.sum()).item(),
            **{f"val_{name}": value for name, value in validated.items()},
            "lr": float(self._optimizer.param_groups[0]["lr"]),
        }
        self._losses, self._sizes, self._validated = [], [], []
        if self._epochs.after(row):
            self.trainer.should_stop = True
        elif self._epochs.due and done < self._settings.epochs:
            self._epochs.keep(self._position(done, 0))

    def _position(self, epoch: int, batch: int) -> Position:
        network, optimizer = dict(self.network.state_dict()), self._optimizer.state_dict()
        return Position(epoch, batch, network, optimizer, self._losses, self._sizes)

    def _set_rate(self, rate: float) -> None:
        for group in self._optimizer.param_groups:
            group["lr"] = rate


def build_trainer(settings: TrainerConfig, epochs_done: int = 0) -> pl.Trainer:
    """Set up a Trainer that writes no file, shows nothing and looks for no cluster, and begins with a later epoch."""
    trainer = pl.Trainer(
        accelerator="cpu",
        devices=1,
        precision=settings.precision,
        max_epochs=settings.epochs,
        barebones=True,
        logger=False,
        use_distributed_sampler=False,
        plugins=[LightningEnvironment()],
    )
    progress: Any = trainer.fit_loop.epoch_progress.current  # its type does not tell all of its counters
    progress.ready = progress.started = progress.processed = progress.completed = epochs_done
    return trainer


@contextmanager
def quiet() -> Iterator[None]:
    """Keep Lightning's tips and warnings off the terminal."""
    loggers = [logging.getLogger(name) for name in ("pytorch_lightning", "lightning_fabric", "lightning.pytorch")]
    levels = [logger.level for logger in loggers]
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", module=r"(pytorch_lightning|lightning_fabric|torch)\..*")
        try:
            for logger in loggers:
                logger.setLevel(logging.ERROR)
            yield
        finally:
            for logger, level in zip(loggers, levels, strict=True):
                logger.setLevel(level)
