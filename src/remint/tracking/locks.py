"""A lock between processes and threads."""

import fcntl
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Timer

PATIENCE = 2.0
"Seconds of waiting before a person is told."


@contextmanager
def locked(file: Path, waits_for: str = "") -> Iterator[None]:
    """Wait until no one else is inside a block on this file, then be alone in it.

    Where that takes long, standard error tells what it `waits_for`, if that is given.
    """
    file.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        _lock(descriptor, waits_for)
        yield
    finally:
        os.close(descriptor)


def _lock(descriptor: int, waits_for: str) -> None:
    timer = Timer(PATIENCE, lambda: print(f"waiting for {waits_for}", file=sys.stderr, flush=True))
    timer.daemon = True
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        if waits_for:
            timer.start()
        fcntl.flock(descriptor, fcntl.LOCK_EX)
    finally:
        timer.cancel()
