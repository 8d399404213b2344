"""One `remint run` at a time in a project."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager

from remint import paths
from remint.errors import RemintError

LOCK = paths.STATE / "run.lock"


@contextmanager
def only_run(wait: bool = False) -> Iterator[None]:
    """Hold the project's run lock inside the block; the system frees it when the process dies, however it dies.

    Where another process holds it, waits if asked to, else raises RemintError naming that process.
    """
    if os.environ.get("DVC_STAGE"):
        raise RemintError(f"a flow cannot run inside a stage ({os.environ['DVC_STAGE']} is running)")
    LOCK.parent.mkdir(parents=True, exist_ok=True)
    with LOCK.open("a+", encoding="utf-8") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError:
            handle.seek(0)
            raise RemintError(
                f"another run is at work in this project (process {handle.read().strip()}); wait for it, or stop it"
            ) from None
        handle.truncate(0)
        handle.write(str(os.getpid()))
        handle.flush()
        yield
