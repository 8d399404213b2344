"""Where a stage's own work is done: in this process, or in warm worker processes."""

import multiprocessing
import signal
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager

from flows.executor import Runner
from remint.environment import prepare_environment
from remint.errors import RemintError
from remint.lifeline import tie_to_parent
from remint.stages.run import run_stage


@contextmanager
def stage_runner(jobs: int) -> Iterator[Runner]:
    """Give a runner for `jobs` stages at once: this process for one, that many workers for more."""
    if jobs == 1:
        yield run_stage
        return
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(max_workers=jobs, mp_context=context, initializer=_prepare_worker)

    def run_in_worker(kind: str, name: str) -> None:
        try:
            pool.submit(run_stage, kind, name).result()
        except BrokenProcessPool:
            raise RemintError(f"{kind}@{name}: its worker process died; was it killed, or short of memory?") from None

    try:
        yield run_in_worker
    except BaseException:
        for process in list((pool._processes or {}).values()):
            process.terminate()
        raise
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _prepare_worker() -> None:
    """Leave Ctrl-C to the parent, which ends its workers; end when it is dead."""
    parent = multiprocessing.parent_process()
    tie_to_parent(None if parent is None else parent.pid)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    prepare_environment()
