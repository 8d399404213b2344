"""Locks between processes and threads, on files or folders.

The kernel frees them when the process dies, however it dies.
"""

import fcntl
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Timer

PATIENCE = 2.0
"Seconds of waiting before a person is told."
_taken: set[int] = set()
"Descriptors of the locks of this process."


def take(path: Path, flags: int = os.O_RDWR | os.O_CREAT, wait: bool = False) -> int | None:
    """Lock a file or, with `os.O_RDONLY`, a folder; give the descriptor that holds the lock, for `free`.

    None where another process or thread holds it and `wait` is false. A file that its holder removes meanwhile is
    opened anew. Raises OSError where it cannot be opened.
    """
    while True:
        descriptor = os.open(path, flags | os.O_CLOEXEC, 0o644)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError:
            os.close(descriptor)
            return None
        except BaseException:
            os.close(descriptor)
            raise
        if _is_at(path, descriptor):
            _taken.add(descriptor)
            return descriptor
        os.close(descriptor)


def free(descriptor: int) -> None:
    """Give back a lock that `take` gave."""
    _taken.discard(descriptor)
    os.close(descriptor)


def is_held(path: Path) -> bool:
    """Tell whether a living process holds the lock on a file or folder that is there."""
    try:
        descriptor = take(path, os.O_RDONLY)
    except FileNotFoundError:
        return False
    if descriptor is None:
        return True
    free(descriptor)
    return False


@contextmanager
def locked(file: Path, waits_for: str = "") -> Iterator[None]:
    """Wait until no one else is inside a block on this file, then be alone in it.

    Where that takes long, standard error tells what it `waits_for`, if that is given.
    """
    file.parent.mkdir(parents=True, exist_ok=True)
    descriptor = take(file)
    if descriptor is None:
        with _telling(waits_for):
            descriptor = take(file, wait=True)
    assert descriptor is not None
    try:
        yield
    finally:
        free(descriptor)


@contextmanager
def _telling(waits_for: str) -> Iterator[None]:
    timer = Timer(PATIENCE, lambda: print(f"waiting for {waits_for}", file=sys.stderr, flush=True))
    timer.daemon = True
    if waits_for:
        timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _is_at(path: Path, descriptor: int) -> bool:
    try:
        there = path.stat()
    except OSError:
        return False
    return os.path.samestat(there, os.fstat(descriptor))


def _leave_to_the_parent() -> None:
    """Close the locks in a forked process, which would hold them on when the one that took them is dead."""
    for descriptor in _taken:
        os.close(descriptor)
    _taken.clear()


os.register_at_fork(after_in_child=_leave_to_the_parent)
