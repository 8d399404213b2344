"""Examples a second: training through remint against a hand-written PyTorch loop, and against Lightning as usual.

Run at the root of a project whose data is prepared (`remint run starter reference`, or `dvc repro preprocess`), on a
quiet machine:

    GOMP_SPINCOUNT=20000 python benchmarks/throughput.py [--rounds 5] [--rows 4096] [mnist-cnn r8-transformer …]

(`remint` sets that variable, too: threads that wait for each other sleep after a while.)

All sides train the experiment of params.yaml with the same network, optimizer, schedule, precision, layout, thread
count and metrics on the first rows of its train split. `by hand` takes the same batches, gathered as remint does, in a
plain loop. `usual` is what most Lightning projects do: a Dataset that gives one example, a DataLoader that collates,
automatic optimization, `self.log` at every step; its batches of texts are not sorted by length. All three run with
deterministic algorithms and with remint's allocator settings. They take turns within one process, in all six orders,
so that a busy moment strikes all; the median of the rounds' ratios counts. Timed is everything from the drawn network
to the trained one.
"""

import argparse
import gc
import math
import statistics
import time
from collections.abc import Callable
from contextlib import nullcontext
from itertools import cycle, islice, permutations

import pytorch_lightning as pl
import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pad_sequence
from torch.utils.data import DataLoader, Dataset

from remint import paths
from remint.config.experiment import AugmentationConfig, ExperimentConfig, TrainerConfig
from remint.config.load import load_project
from remint.data.module import PreparedDataModule, ShuffledBatches
from remint.data.prepared import Prepared
from remint.data.raw import PRETRAINED
from remint.data.rows import Batch, Rows, evaluation_batches
from remint.determinism import deterministic
from remint.models.base import build_network, model_config
from remint.tasks.base import Task, task
from remint.training.augmentation import augment
from remint.training.fit import fit
from remint.training.lightning import quiet
from remint.training.optimizers import build_optimizer
from remint.training.schedules import learning_rate

FAMILIES = (
    "adult-logistic",
    "adult-mlp",
    "mnist-cnn",
    "fashion-cnn",
    "fashion-resnet",
    "fashion-inception",
    "r8-lstm",
    "r8-transformer",
    "movies-minilm",
    "austen-gpt",
    "weather-gru",
    "movielens-mf",
)
BAR = 0.9


class FirstRows(Rows):
    """The first rows of others."""

    def __init__(self, rows: Rows, count: int) -> None:
        self._rows, self._count = rows, min(count, len(rows))
        self.evaluation_batch = rows.evaluation_batch

    def __len__(self) -> int:
        return self._count

    @property
    def lengths(self):
        lengths = self._rows.lengths
        return None if lengths is None else lengths[: self._count]

    def batch(self, rows: Tensor) -> Batch:
        return self._rows.batch(rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("experiments", nargs="*", default=list(FAMILIES))
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--rows", type=int, default=4096, help="of the train split, and a quarter as many to validate")
    parser.add_argument("--epochs", type=int, default=1)
    arguments = parser.parse_args()
    project = load_project()
    print("experiment           by hand/s   remint/s    usual/s   remint:hand         remint:usual   bar 0.9")
    for name in arguments.experiments:
        speeds = compare(name, project.experiments[name], arguments)
        hand, ours, usual = (statistics.median(side) for side in zip(*speeds, strict=True))
        to_hand = [o / h for h, o, _ in speeds]
        to_usual = statistics.median(o / u for _, o, u in speeds)
        ratio, spread = statistics.median(to_hand), f"({min(to_hand):.2f}–{max(to_hand):.2f})"
        verdict = "met" if ratio >= BAR else "MISSED"
        print(
            f"{name:18}{hand:12,.0f}{ours:11,.0f}{usual:11,.0f}   "
            f"{ratio:.3f} {spread:13} {to_usual:8.2f} ×       {verdict}",
            flush=True,
        )


def compare(name: str, experiment: ExperimentConfig, arguments: argparse.Namespace) -> list[tuple[float, float, float]]:
    """Give each round's examples a second: by hand, by remint, by the usual recipe."""
    prepared, config = Prepared(paths.prepared(experiment.dataset)), model_config(name, experiment.model)
    settings = experiment.trainer.model_copy(update={"epochs": arguments.epochs, "early_stopping": None})
    kind, seed = task(experiment.task, prepared.spec.outputs), experiment.seed

    def first_rows() -> PreparedDataModule:
        data = PreparedDataModule(prepared, settings.batch_size, seed)
        data.train, data.val = FirstRows(data.train, arguments.rows), FirstRows(data.val, arguments.rows // 4)
        return data

    def draw() -> nn.Module:
        network = build_network(config, prepared.spec, seed)
        config.load_pretrained(network, prepared.folder / PRETRAINED)
        return network

    ways: list[Callable[[PreparedDataModule, nn.Module], object]] = [
        lambda data, network: by_hand(data, network, kind, settings, seed),
        lambda data, network: fit(data, network, kind, settings, seed),
        lambda data, network: as_usual(data, network, kind, settings),
    ]
    examples = settings.epochs * len(first_rows().train)
    speeds = []
    for turn, order in enumerate(islice(cycle(permutations(range(3))), arguments.rounds + 1)):
        seconds = {way: _seconds(ways[way], first_rows(), draw()) for way in order}
        if turn:  # the first warms up
            speeds.append((examples / seconds[0], examples / seconds[1], examples / seconds[2]))
    return speeds


def by_hand(data: PreparedDataModule, network: nn.Module, kind: Task, settings: TrainerConfig, seed: int) -> None:
    """Train as one would without Lightning."""
    steps_per_epoch = math.ceil(len(data.train) / settings.batch_size)
    autocast = torch.autocast("cpu", torch.bfloat16) if settings.precision == "bf16-mixed" else nullcontext()
    penalty = getattr(network, "penalty", None)
    if settings.channels_last:
        network.to(memory_format=torch.channels_last)
    trained = [p for p in network.parameters() if p.requires_grad]
    with deterministic(settings.threads):
        optimizer = build_optimizer(network, settings)
        step = 0
        for epoch in range(settings.epochs):
            network.train()
            losses, sizes = [], []
            for index in ShuffledBatches(len(data.train), settings.batch_size, seed, epoch, data.train.lengths):
                batch = _augmented(data.train.batch(index), settings)
                for group in optimizer.param_groups:
                    group["lr"] = learning_rate(settings, step, steps_per_epoch)
                with autocast:
                    loss = kind.loss(network(batch), batch["target"], settings.label_smoothing)
                losses.append(loss.detach())
                sizes.append(kind.count(batch["target"]))
                if penalty is not None:
                    loss = loss + penalty(batch)
                loss.backward()
                step += 1
                if step % settings.accumulate == 0:
                    if settings.gradient_clip is not None:
                        nn.utils.clip_grad_norm_(trained, settings.gradient_clip)
                    optimizer.step()
                    optimizer.zero_grad()
            _ = (torch.stack(losses) @ torch.tensor(sizes, dtype=torch.float32)).item()
            network.eval()
            with torch.inference_mode(), autocast:
                batches = [data.val.batch(index) for index in evaluation_batches(data.val)[1]]
                _ = kind.epoch_figures([kind.sums(network(batch), batch["target"]) for batch in batches])


def as_usual(data: PreparedDataModule, network: nn.Module, kind: Task, settings: TrainerConfig) -> None:
    """Train as Lightning's examples do."""
    if settings.channels_last:
        network.to(memory_format=torch.channels_last)
    train = DataLoader(OneByOne(data.train), settings.batch_size, shuffle=True, collate_fn=_collated)
    val = DataLoader(OneByOne(data.val), data.val.evaluation_batch, collate_fn=_collated)
    with deterministic(settings.threads), quiet():
        trainer = pl.Trainer(
            accelerator="cpu",
            precision=settings.precision,
            max_epochs=settings.epochs,
            gradient_clip_val=settings.gradient_clip,
            accumulate_grad_batches=settings.accumulate,
            logger=False,
            enable_checkpointing=False,
            enable_progress_bar=False,
            enable_model_summary=False,
            num_sanity_val_steps=0,
        )
        trainer.fit(Usual(network, kind, settings, len(train)), train, val)


class OneByOne(Dataset[Batch]):
    """One example at a time."""

    def __init__(self, rows: Rows) -> None:
        self._rows = rows

    def __len__(self) -> int:
        return len(self._rows)

    def __getitem__(self, row: int) -> Batch:
        return {name: values[0] for name, values in self._rows.batch(torch.tensor([row])).items()}


class Usual(pl.LightningModule):
    """Automatic optimization, a scheduler stepped every step, a log entry a step."""

    def __init__(self, network: nn.Module, kind: Task, settings: TrainerConfig, steps: int) -> None:
        super().__init__()
        self.network, self.kind, self.settings, self.steps = network, kind, settings, steps

    def configure_optimizers(self):
        optimizer = build_optimizer(self.network, self.settings)
        if self.settings.gradient_clip is not None and self.settings.precision != "32":
            # Automatic optimization refuses to clip gradients of a fused optimizer in mixed precision.
            groups = [{key: value for key, value in g.items() if key != "fused"} for g in optimizer.param_groups]
            optimizer = type(optimizer)(groups, lr=self.settings.lr)
        rates = torch.optim.lr_scheduler.LambdaLR(
            optimizer,
            lambda k: learning_rate(self.settings, min(k, self.steps - 1), self.steps) / self.settings.lr,
        )
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": rates, "interval": "step"}}

    def training_step(self, batch: Batch) -> Tensor:
        batch = _augmented(batch, self.settings)
        loss = self.kind.loss(self.network(batch), batch["target"], self.settings.label_smoothing)
        self.log("train_loss", loss, on_step=True, on_epoch=True, batch_size=len(batch["target"]))
        penalty = getattr(self.network, "penalty", None)
        return loss if penalty is None else loss + penalty(batch)

    def validation_step(self, batch: Batch) -> None:
        sums = self.kind.sums(self.network(batch), batch["target"])
        self.log_dict({f"val_{name}": value.float() for name, value in sums.items()}, batch_size=len(batch["target"]))


def _augmented(batch: Batch, settings: TrainerConfig) -> Batch:
    if settings.augmentation == AugmentationConfig():
        return batch
    return batch | {"image": augment(batch["image"], settings.augmentation)}


def _collated(examples: list[Batch]) -> Batch:
    return {name: _stacked([example[name] for example in examples]) for name in examples[0]}


def _stacked(values: list[Tensor]) -> Tensor:
    ragged = len({value.shape for value in values}) > 1
    return pad_sequence(values, batch_first=True) if ragged else torch.stack(values)


def _seconds(
    work: Callable[[PreparedDataModule, nn.Module], object], data: PreparedDataModule, network: nn.Module
) -> float:
    gc.collect()
    start = time.perf_counter()
    work(data, network)
    return time.perf_counter() - start


if __name__ == "__main__":
    main()
