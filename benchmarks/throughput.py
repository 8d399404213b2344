"""Examples a second: training through Lightning against a hand-written PyTorch loop that does the same work.

Run at the root of a project whose starter data is prepared (`dvc repro preprocess`), on a quiet machine:

    GOMP_SPINCOUNT=20000 python benchmarks/throughput.py [--rounds 5] [mnist-cnn adult-mlp]

(`remint` sets that variable, too: threads that wait for each other sleep.)

Both sides train the experiment of params.yaml on the same batches with the same network, optimizer, schedule, thread
count and metrics. They take turns within one process, so that a busy moment strikes both; the median of the rounds'
ratios counts. Timed is everything from the drawn network to the trained one.
"""

import argparse
import math
import statistics
import time
from collections.abc import Iterator
from contextlib import nullcontext

import numpy as np
import torch
from torch import nn

from remint import paths
from remint.config.experiment import ExperimentConfig, TrainerConfig
from remint.config.load import load_project
from remint.data.module import PreparedDataModule
from remint.data.prepared import Prepared
from remint.determinism import deterministic
from remint.models.base import build_network, model_config
from remint.seeds import derive_seed
from remint.tasks.base import Task, task
from remint.training.fit import fit
from remint.training.optimizers import build_optimizer
from remint.training.schedules import learning_rate

BARS = {"mnist-cnn": 0.9, "adult-mlp": 0.7}
EPOCHS = {"mnist-cnn": 2, "adult-mlp": 10}
Arrays = dict[str, torch.Tensor]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("experiments", nargs="*", default=list(BARS))
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, help="in place of the experiment's own: 1 on a busy machine")
    arguments = parser.parse_args()
    project = load_project()
    for name in arguments.experiments:
        ratios, speeds = compare(name, project.experiments[name], arguments.rounds, arguments.threads)
        ratio, bar = statistics.median(ratios), BARS.get(name, 0.0)
        hand, ours = (statistics.median(side) for side in zip(*speeds, strict=True))
        spread = f"{min(ratios):.3f}–{max(ratios):.3f} over {len(ratios)} rounds"
        verdict = "met" if ratio >= bar else "MISSED"
        print(f"{name}: hand-written {hand:,.0f} examples/s, Lightning {ours:,.0f}")
        print(f"{name}: ratio {ratio:.3f} ({spread}), bar {bar}: {verdict}", flush=True)


def compare(
    name: str, experiment: ExperimentConfig, rounds: int, threads: int | None
) -> tuple[list[float], list[tuple[float, float]]]:
    """Give each round's ratio of speeds, and the speeds (by hand, by Lightning)."""
    prepared = Prepared(paths.prepared(experiment.dataset))
    changed = {"epochs": EPOCHS.get(name, experiment.trainer.epochs)} | ({"threads": threads} if threads else {})
    settings = experiment.trainer.model_copy(update=changed)
    kind = task(experiment.task, prepared.spec.outputs)
    data = PreparedDataModule(prepared, settings.batch_size, experiment.seed, settings.workers)
    examples = settings.epochs * len(data.train)

    def draw() -> nn.Module:
        return build_network(model_config(name, experiment.model), prepared.spec, experiment.seed)

    speeds: list[tuple[float, float]] = []
    for turn in range(rounds + 1):
        networks = draw(), draw()
        sides = [
            lambda network=networks[0]: by_hand(prepared, network, kind, settings, experiment.seed),
            lambda network=networks[1]: fit(data, network, kind, settings, experiment.seed),
        ]
        order = (0, 1) if turn % 2 else (1, 0)
        seconds = {side: _seconds(sides[side]) for side in order}
        if turn:  # the first warms up
            speeds.append((examples / seconds[0], examples / seconds[1]))
    return [ours / hand for hand, ours in speeds], speeds


def by_hand(prepared: Prepared, network: nn.Module, kind: Task, settings: TrainerConfig, seed: int) -> None:
    """Train as one would without Lightning."""
    train, val = ({k: torch.from_numpy(v) for k, v in prepared.split(name).items()} for name in ("train", "val"))
    rows = len(train["target"])
    steps_per_epoch = math.ceil(rows / settings.batch_size)
    autocast = torch.autocast("cpu", torch.bfloat16) if settings.precision == "bf16-mixed" else nullcontext()
    if settings.channels_last:
        network.to(memory_format=torch.channels_last)
    with deterministic(settings.threads):
        optimizer = build_optimizer(network, settings)
        step = 0
        for epoch in range(settings.epochs):
            network.train()
            losses = []
            order = np.random.default_rng(derive_seed(seed, "shuffle", epoch)).permutation(rows)
            for index in torch.from_numpy(order).split(settings.batch_size):
                batch = {name: array[index] for name, array in train.items()}
                for group in optimizer.param_groups:
                    group["lr"] = learning_rate(settings, step, steps_per_epoch)
                with autocast:
                    loss = kind.loss(network(batch), batch["target"])
                loss.backward()
                optimizer.step()
                optimizer.zero_grad()
                losses.append(loss.detach() * len(index))
                step += 1
            _ = (torch.stack(losses).sum() / rows).item()
            _validate(network, kind, val, autocast)


def _validate(network: nn.Module, kind: Task, val: Arrays, autocast: "torch.autocast | nullcontext") -> None:
    network.eval()
    with torch.inference_mode(), autocast:
        outputs = torch.cat([network(batch).float() for batch in _batches(val, 256)])
    _ = kind.loss(outputs, val["target"]).item(), kind.epoch_metrics(outputs, val["target"])


def _batches(arrays: Arrays, size: int) -> Iterator[Arrays]:
    for start in range(0, len(arrays["target"]), size):
        yield {name: array[start : start + size] for name, array in arrays.items()}


def _seconds(work) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


if __name__ == "__main__":
    main()
