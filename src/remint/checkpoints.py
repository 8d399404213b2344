"""Checkpoints that no training goes on from."""

from contextlib import suppress

from remint import paths
from remint.files import remove
from remint.locks import is_held


def drop_checkpoints(experiment: str) -> None:
    """Remove those of an experiment whose training DVC has recorded, unless it is at work in another process.

    Not before: a training that is killed between its end and DVC's record of it would begin again, as another run.
    """
    folder = paths.CHECKPOINTS / experiment
    if folder.is_dir() and not is_held(paths.STATE / "locks" / f"train@{experiment}.lock"):
        with suppress(OSError):
            remove(folder)
