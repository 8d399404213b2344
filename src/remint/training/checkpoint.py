"""Checkpoints: what a training that was cut off needs to go on as if it never had been.

A file is what `torch.save` makes of plain data, which loads with `weights_only=True`, and its sha256 (32 bytes): a
flipped bit in a weight would else train on.
"""

import shutil
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import file_digest, sha256
from io import BytesIO
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from remint.errors import RemintError
from remint.files import writing
from remint.training.interval import Interval
from remint.training.watch import Row

_DIGEST = 32
_SHARE = 20
"A checkpoint is written after this many times as long as the last one took: large ones cost 5 % at most."


@dataclass(frozen=True)
class Position:
    """A training right after a step of its optimizer, or between two epochs. Holds tensors, not copies of them."""

    epoch: int
    "Epochs that are done."
    batch: int
    "Batches of the epoch after these that are learned; fewer than it has."
    network: dict[str, Tensor]
    "State of the network, by name."
    optimizer: dict[str, Any]
    "State of the optimizer, as it gives it."
    losses: list[float]
    "Mean loss of each of those batches."
    sizes: list[int]
    "What each of those means is taken over."


@dataclass(frozen=True)
class Checkpoint:
    """All of a training that its arguments do not tell."""

    position: Position
    history: list[Row]
    "A row for each epoch that is done."
    best: dict[str, Tensor]
    "Weights of the best of them; empty where the last are kept."


@dataclass(frozen=True)
class Kept:
    """A checkpoint, and the run that it belongs to."""

    checkpoint: Checkpoint
    run_id: str
    seconds: float
    "For how long the run had been at work."


class Checkpoints:
    """Keeps the newest checkpoint of a training in a file, and tells when it is due.

    `fingerprint` is that of the training; `about` gives its run's id and the seconds for which that has been at work.
    """

    def __init__(
        self,
        file: Path,
        fingerprint: str,
        interval: Interval,
        about: Callable[[], tuple[str, float]],
        start: Checkpoint | None = None,
    ) -> None:
        self._file, self._fingerprint, self._interval, self._about = file, fingerprint, interval, about
        self.start = start
        "Where the training goes on; None where it begins."
        self._steps, self._told = 0, False
        self._due_at = time.monotonic() + interval.seconds

    @property
    def due(self) -> bool:
        """Whether a checkpoint is due."""
        return self._steps >= self._interval.steps or time.monotonic() >= self._due_at

    def stepped(self) -> bool:
        """Take note of a step of the optimizer; tell whether a checkpoint is due."""
        self._steps += 1
        return self.due

    def save(self, checkpoint: Checkpoint) -> None:
        """Write a checkpoint in the place of the last one.

        Where the disk does not take it, that is told once on standard error, and the training goes on.
        """
        begin = time.monotonic()
        try:
            write_checkpoint(self._file, self._fingerprint, Kept(checkpoint, *self._about()))
        except (RemintError, OSError, RuntimeError) as error:  # torch's writer hides a full disk in a RuntimeError
            if not self._told:
                print(f"no checkpoint: {error}; the training goes on without", file=sys.stderr, flush=True)
            self._told = True
        end = time.monotonic()
        self._steps, self._due_at = 0, end + max(self._interval.seconds, _SHARE * (end - begin))

    def remove(self) -> None:
        """Remove the folder of the file, with the checkpoints of what the experiment was before."""
        shutil.rmtree(self._file.parent, ignore_errors=True)


def write_checkpoint(file: Path, fingerprint: str, kept: Kept) -> None:
    """Write a checkpoint; a process killed meanwhile leaves the last one. Raises RemintError for a full disk."""
    checkpoint = kept.checkpoint
    content = {
        "fingerprint": fingerprint,
        "run": kept.run_id,
        "seconds": kept.seconds,
        "position": vars(checkpoint.position),
        "history": checkpoint.history,
        "best": checkpoint.best,
    }
    with writing(file) as temporary:
        torch.save(content, temporary)
        with temporary.open("r+b") as whole:
            whole.write(file_digest(whole, "sha256").digest())


def read_checkpoint(file: Path, fingerprint: str) -> Kept | None:
    """Give the checkpoint of a training; None where there is none, or it is damaged, or another training's."""
    try:
        whole = memoryview(file.read_bytes())
    except OSError:
        return None
    if sha256(whole[:-_DIGEST]).digest() != whole[-_DIGEST:]:
        return None
    try:
        return _kept(torch.load(BytesIO(whole[:-_DIGEST]), weights_only=True), fingerprint)
    except Exception:  # whatever torch makes of a file that no training wrote
        return None


def _kept(content: dict[str, Any], fingerprint: str) -> Kept | None:
    if content["fingerprint"] != fingerprint:
        return None
    checkpoint = Checkpoint(Position(**content["position"]), content["history"], content["best"])
    return Kept(checkpoint, content["run"], content["seconds"])
