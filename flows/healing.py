"""Healing what killed commands have left. Every command that writes begins with it."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from flows.dvc_files import mend_dvc, mend_temporary, tell_healed
from remint import paths
from remint.errors import RemintError
from remint.files import told_of_full_disk
from remint.leftovers import mend_below, mend_beside
from remint.signs import Sign, all_dead

ALIVE = paths.ALIVE
"A sign of life for each command that is at work: where none is dead, nothing needs to be looked for."
_RECORDED = frozenset({"baseline", "train", "evaluate"})
"Kinds of stages that write to MLflow's runs."


@contextmanager
def at_work() -> Iterator[None]:
    """Heal what killed commands have left, telling it on standard error, then show that this command is at work.

    What only Prefect's server can mend is mended when one runs (`flows.signs.crash_dead_runs`). Raises RemintError.
    """
    with _shown_at_work(heal_runs, heal_models):
        yield


@contextmanager
def stage_at_work(kind: str) -> Iterator[None]:
    """Do what `at_work` does for a stage: MLflow's runs alone, where it records any. Raises RemintError."""
    with _shown_at_work(*((heal_runs,) if kind in _RECORDED else ())):
        yield


@contextmanager
def _shown_at_work(*stores: Callable[[], tuple[str, ...]]) -> Iterator[None]:
    """Heal files, then stores, and show that this command is at work; one that takes no more is told in one message."""
    with _full_disk_told():
        sign = Sign(ALIVE)  # healing writes, too
        try:
            tell_healed(heal_files())
            for heal in stores:
                _heal_store(heal)
            yield
        finally:
            sign.remove()


def _heal_store(heal: Callable[[], tuple[str, ...]]) -> None:
    try:
        tell_healed(heal())
    except RemintError as error:  # of another model or store, maybe: the command itself tells what it meets
        print(f"remint: what a killed command left cannot be healed: {error}", file=sys.stderr, flush=True)


@contextmanager
def _full_disk_told() -> Iterator[None]:
    """Tell in one message what no function below has told."""
    try:
        yield
    except OSError as error:
        if told := told_of_full_disk(error):
            raise RemintError(told) from error
        raise


def heal_files() -> tuple[str, ...]:
    """Mend DVC's files, and what killed processes were writing; tell each in a line. Takes 1 ms where all is well."""
    lines = list(mend_dvc())
    with all_dead(ALIVE) as found:
        mended = set(_mend_everywhere()) if found else set()
    if mended:
        lines.append(f"{len(mended)} unfinished files of a killed command are removed or put back")
    return tuple(lines)


def _mend_everywhere() -> tuple[Path, ...]:
    return mend_below((paths.DATA, paths.STATE, paths.MLRUNS)) + mend_beside(Path()) + mend_temporary()


def heal_runs() -> tuple[str, ...]:
    """Mark the MLflow runs FAILED whose process has died; tell each in a line."""
    from remint.tracking.signs import any_cut_off

    if not any_cut_off():
        return ()
    from remint.tracking.runs import mark_dead_runs

    told = "an earlier training was cut off; its MLflow run is now marked FAILED"
    return tuple(f"{name}: {told}" for name in mark_dead_runs())


def heal_models() -> tuple[str, ...]:
    """Finish or take back the registrations and promotions that were cut off; tell each model in a line."""
    from remint.registry.unfinished import any_unfinished

    if not any_unfinished():
        return ()
    from remint.registry.healing import heal_registry

    return tuple(
        f"{name}: a registration or promotion was cut off; the model is whole again" for name in heal_registry()
    )
