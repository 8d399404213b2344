"""Checkpoints that no training goes on from."""

from collections.abc import Iterable
from contextlib import suppress

from flows.executor import Outcome
from flows.summary import StageResult
from remint import paths
from remint.files import remove
from remint.locks import is_held


def drop_checkpoints(stages: Iterable[StageResult]) -> None:
    """Remove those of experiments whose training is up to date, unless it is at work in another process."""
    for stage in stages:
        kind, _, name = stage.address.partition("@")
        if kind == "train" and stage.outcome in (Outcome.UNCHANGED, Outcome.RESTORED):
            folder = paths.CHECKPOINTS / name
            if folder.is_dir() and not is_held(paths.STATE / "locks" / f"{stage.address}.lock"):
                with suppress(OSError):
                    remove(folder)
