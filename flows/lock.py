"""One `remint run` at a time in a project."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

from remint import paths
from remint.errors import RemintError
from remint.locks import free, take

LOCK = paths.STATE / "run.lock"


@contextmanager
def only_run(wait: bool = False) -> Iterator[None]:
    """Hold the project's run lock inside the block; the system frees it when the process dies, however it dies.

    Where another process holds it, waits if asked to, else raises RemintError naming that process.
    """
    if os.environ.get("DVC_STAGE"):
        raise RemintError(f"a flow cannot run inside a stage ({os.environ['DVC_STAGE']} is running)")
    LOCK.parent.mkdir(parents=True, exist_ok=True)
    descriptor = take(LOCK, wait=wait)
    if descriptor is None:
        holder = LOCK.read_text(encoding="utf-8").strip()
        raise RemintError(f"another run is at work in this project (process {holder}); wait for it, or stop it")
    try:
        os.truncate(descriptor, 0)
        os.pwrite(descriptor, str(os.getpid()).encode(), 0)
        yield
    finally:
        free(descriptor)
