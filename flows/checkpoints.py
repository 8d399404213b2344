"""Checkpoints of the stages that are done."""

from collections.abc import Iterable

from flows.executor import Outcome
from flows.summary import StageResult
from remint.checkpoints import drop_checkpoints


def drop_finished(stages: Iterable[StageResult]) -> None:
    """Remove the checkpoints of every training that is up to date now."""
    for stage in stages:
        kind, _, name = stage.address.partition("@")
        if kind == "train" and stage.outcome is not Outcome.FAILED:
            drop_checkpoints(name)
