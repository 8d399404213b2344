"""Running stages in this process, or in warm workers, and recording them exactly as `dvc repro` does.

DVC's own `Stage.reproduce` decides, restores, saves and commits; only the function in it that would start a shell
(`dvc.stage.run.cmd_run`) is replaced, so that a stage pays no imports, and the one that writes `dvc.lock`. They are no
documented API: the DVC version is pinned, and tests/graph/ compares the result with the `dvc repro` command byte for
byte.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Any, Protocol

from flows.dvc_files import busy
from flows.plan import Plan, PlannedStage
from remint.errors import RemintError
from remint.files import DISK_FULL, writing
from remint.locks import telling

Runner = Callable[[str, str], object]
"Does the work of a stage, given its kind and name; raises RemintError when it fails."


class Outcome(StrEnum):
    """What happened to a stage."""

    RAN = "ran"
    RESTORED = "restored"
    UNCHANGED = "unchanged"
    FAILED = "failed"


class Executor(Protocol):
    """Brings stages up to date, one call a stage."""

    def execute(self, stage: PlannedStage, force: bool = False) -> Outcome:
        """Bring a stage up to date. Raises RemintError when it fails."""


class DvcExecutor:
    """Executes stages of a DVC repository; `execute` may be called from several threads.

    A context manager: inside it DVC calls `runner` where it would start a stage's command in a shell. DVC's objects are
    not made for threads, so all work on them holds one mutex, released while a stage's own work runs.
    """

    def __init__(self, repo: Any, plan: Plan, runner: Runner) -> None:
        self._repo = repo
        _wait_for_lock(repo)
        self._runner = runner
        self._mutex = threading.Lock()
        self._stages = {stage.addressing: stage for stage in repo.index.stages}
        self._unwritten = [stage.address for stage in plan.stages]
        self._finished: dict[str, Any] = {}
        self._ran: set[str] = set()

    def __enter__(self) -> "DvcExecutor":
        import dvc.stage.run
        import dvc.utils.serialize._common as files

        self._original = dvc.stage.run.cmd_run, files._dump_data
        dvc.stage.run.cmd_run, files._dump_data = self._run_command, _dump_whole
        return self

    def __exit__(self, *_exception: object) -> None:
        import dvc.stage.run
        import dvc.utils.serialize._common as files

        try:
            with self._mutex:
                self._write(self._unwritten)
        finally:
            dvc.stage.run.cmd_run, files._dump_data = self._original

    def execute(self, stage: PlannedStage, force: bool = False) -> Outcome:
        """Bring a stage up to date as `dvc repro` would.

        Raises RemintError when the stage fails, or another DVC command works on its files. Waits for DVC's lock, which
        others hold for a moment, and tells that on standard error where it takes long: what has run is to be recorded.
        """
        done = None
        try:
            with self._mutex, _readable_errors(stage.address), self._repo.lock:
                done = self._stages[stage.address].reproduce(force=force)
        finally:
            self._record(stage.address, done)
        if done is None:
            return Outcome.UNCHANGED
        return Outcome.RAN if stage.address in self._ran else Outcome.RESTORED

    def _record(self, address: str, done: Any) -> None:
        """Write finished stages to `dvc.lock` in the plan's order, whatever order they finished in.

        A finished stage that waits for one before it is not lost with this process: its outputs are in the run cache.
        """
        with self._mutex:
            self._finished[address] = done
            waits = (i for i, earlier in enumerate(self._unwritten) if earlier not in self._finished)
            ready = self._unwritten[: next(waits, None)]
            self._unwritten = self._unwritten[len(ready) :]
            self._write(ready)

    def _write(self, addresses: list[str]) -> None:
        done = [stage for address in addresses if (stage := self._finished.get(address)) is not None]
        if done:
            with _readable_errors("dvc.lock"), self._repo.lock:
                for stage in done:
                    stage.dump(update_pipeline=False)

    def _run_command(self, stage: Any, **_options: Any) -> None:
        address: str = stage.addressing
        kind, _, name = address.partition("@")
        if stage.cmd != f"remint stage {kind} {name}":
            raise RemintError(
                f'dvc.yaml: the command of {address} is "{stage.cmd}"; allowed: "remint stage {kind} {name}"'
            )
        self._mutex.release()
        try:
            self._runner(kind, name)
        finally:
            self._mutex.acquire()
        self._ran.add(address)


def _wait_for_lock(repo: Any) -> None:
    """Let DVC wait for its lock for as long as it takes, in our words."""
    repo.lock._wait, repo.lock._friendly = True, False
    repo.lock.lock = telling("another DVC or remint command, which holds DVC's lock")(repo.lock.lock)


def _dump_whole(path: Any, data: Any, dumper: Callable[..., object], **options: Any) -> None:
    """Write `dvc.lock` so that a kill leaves the old one or the new one; DVC itself writes it in place."""
    options.pop("fs", None)
    with writing(Path(path)) as temporary, temporary.open("w", encoding="utf-8") as stream:
        dumper(data, stream, **options)


@contextmanager
def _readable_errors(address: str) -> Iterator[None]:
    """Turn DVC's own errors into ours."""
    from dvc.exceptions import DvcException
    from dvc.lock import LockError
    from dvc.rwlock import RWLockFileCorruptedError

    try:
        yield
    except LockError as error:
        raise RemintError(f"{address}: {busy(error)}") from None
    except RWLockFileCorruptedError as error:
        raise RemintError(f"{address}: {error}") from None
    except DvcException as error:
        raise RemintError(f"{address}: {error}") from error
    except OSError as error:
        if error.errno not in DISK_FULL:
            raise
        raise RemintError(f"{address}: {error.filename or 'DVC'} cannot be written: {error.strerror}") from error
