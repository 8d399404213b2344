"""The LightningModule around any network and task, and the Trainer that runs it.

Lightning costs a fixed time a step, which counts for small networks. So a step here is manual optimization with a
plain torch optimizer, no hook is overridden per step, and nothing is logged through Lightning: figures are summed in
tensors and read once an epoch.
"""

import logging
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytorch_lightning as pl
import torch
from lightning_fabric.plugins.environments.lightning import LightningEnvironment
from torch import Tensor, nn
from torch.optim import Optimizer

from remint.config.experiment import TrainerConfig
from remint.data.module import Batch
from remint.seeds import derive_seed
from remint.tasks.base import Task
from remint.training.optimizers import build_optimizer, l1_penalty, weights
from remint.training.schedules import learning_rate
from remint.training.watch import Row


class TrainingModule(pl.LightningModule):
    """Trains a network on a task. Calls `after_epoch` with the epoch's figures; training ends where that gives True.

    Everything random inside step k is drawn from (seed, k).
    """

    def __init__(
        self,
        network: nn.Module,
        task: Task,
        settings: TrainerConfig,
        seed: int,
        steps_per_epoch: int,
        after_epoch: Callable[[Row], bool],
    ) -> None:
        super().__init__()
        self.automatic_optimization = False
        self.network = network
        self._task, self._settings, self._seed = task, settings, seed
        self._steps_per_epoch, self._after_epoch = steps_per_epoch, after_epoch
        self._penalised = weights(network) if settings.l1 > 0 else []
        self._parameters_list = list(network.parameters())
        self._first_step = 0
        self._losses: list[Tensor] = []
        self._sizes: list[int] = []
        self._validated: list[tuple[Tensor, Tensor]] = []

    def __setattr__(self, name: str, value: Any) -> None:
        """Take a short way for the one attribute that Lightning sets twenty times a step: 5 % of a small network's."""
        if name == "_current_fx_name":
            self.__dict__[name] = value
        else:
            super().__setattr__(name, value)

    def transfer_batch_to_device(self, batch: Batch, device: torch.device, dataloader_idx: int) -> Batch:  # noqa: ARG002
        """Leave the batch where it is: everything here is on the CPU."""
        return batch

    def configure_optimizers(self) -> Optimizer:
        """Build the optimizer; the rate is set at every step."""
        self._optimizer = build_optimizer(self.network, self._settings)
        return self._optimizer

    def on_train_epoch_start(self) -> None:
        """Note where the epoch begins."""
        self._first_step = self.current_epoch * self._steps_per_epoch

    def training_step(self, batch: Batch, batch_idx: int) -> None:
        """Do one step of the optimizer."""
        step = self._first_step + batch_idx
        torch.default_generator.manual_seed(derive_seed(self._seed, "step", step))
        self._set_rate(learning_rate(self._settings, step, self._steps_per_epoch))
        target = batch["target"]
        loss = self._task.loss(self.network(batch), target)
        self._losses.append(loss.detach())
        self._sizes.append(len(target))
        if self._penalised:
            loss = loss + self._settings.l1 * l1_penalty(self._penalised)
        torch.autograd.backward(loss)
        if self._settings.gradient_clip is not None:
            nn.utils.clip_grad_norm_(self._parameters_list, self._settings.gradient_clip)
        self._optimizer.step()
        self._optimizer.zero_grad()

    def validation_step(self, batch: Batch) -> None:
        """Keep the outputs."""
        self._validated.append((self.network(batch).float(), batch["target"]))

    def on_train_epoch_end(self) -> None:
        """Compute the epoch's figures; Lightning has validated by now."""
        outputs, target = (torch.cat(parts) for parts in zip(*self._validated, strict=True))
        sizes = torch.tensor(self._sizes, dtype=torch.float64)
        row = {
            "epoch": self.current_epoch + 1,
            "train_loss": (torch.stack(self._losses).double() @ sizes / sizes.sum()).item(),
            "val_loss": self._task.loss(outputs, target).item(),
            **{f"val_{name}": value for name, value in self._task.epoch_metrics(outputs, target).items()},
            "lr": float(self._optimizer.param_groups[0]["lr"]),
        }
        self._losses, self._sizes, self._validated = [], [], []
        if self._after_epoch(row):
            self.trainer.should_stop = True

    def _set_rate(self, rate: float) -> None:
        for group in self._optimizer.param_groups:
            group["lr"] = rate


def build_trainer(settings: TrainerConfig) -> pl.Trainer:
    """Set up a Trainer that writes no file, shows nothing and looks for no cluster."""
    return pl.Trainer(
        accelerator="cpu",
        devices=1,
        precision=settings.precision,
        max_epochs=settings.epochs,
        barebones=True,
        logger=False,
        use_distributed_sampler=False,
        plugins=[LightningEnvironment()],
    )


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
