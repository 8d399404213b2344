"""Locks between processes and threads, on files or folders.

The kernel frees them when the process dies, however it dies.
"""

import errno
import fcntl
import os
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Timer

PATIENCE = 2.0
"Seconds of waiting before a person is told."
_NOT_LOCKED = frozenset({errno.EBADF, errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP})
"Errors of a file system that cannot lock a folder: NFS locks only what is open for writing."
_taken: set[int] = set()
"Descriptors of the locks of this process."


def take(path: Path, flags: int = os.O_RDWR | os.O_CREAT, wait: bool = False) -> int | None:
    """Lock a file or, with `os.O_RDONLY`, a folder; give the descriptor that holds the lock, for `free`.

    None where another process or thread holds it and `wait` is false. A file that its holder removes meanwhile is
    opened anew. A folder that the file system cannot lock is given as if it were free (see `can_lock`). Raises OSError
    for what cannot be opened, and for a file that cannot be locked.
    """
    while True:
        descriptor = _open(path, flags)
        try:
            _lock(descriptor, wait)
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


def can_lock(descriptor: int) -> bool:
    """Tell whether the file system locks what `take` gave, so that nobody else has it."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def is_ours(path: Path) -> bool:
    """Tell whether this process holds the lock on a file or folder."""
    return any(_is_at(path, descriptor) for descriptor in _taken)


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
        with telling(waits_for):
            descriptor = take(file, wait=True)
    assert descriptor is not None
    try:
        yield
    finally:
        free(descriptor)


@contextmanager
def telling(waits_for: str) -> Iterator[None]:
    """Tell on standard error what the block `waits_for`, if that is given and takes long."""
    timer = Timer(PATIENCE, lambda: print(f"waiting for {waits_for}", file=sys.stderr, flush=True))
    timer.daemon = True
    if waits_for:
        timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _open(path: Path, flags: int) -> int:
    """Open for writing wherever that is possible: on NFS nothing else can be locked."""
    if flags & os.O_ACCMODE == os.O_RDONLY:
        with suppress(OSError):
            return os.open(path, flags | os.O_RDWR | os.O_CLOEXEC)
    return os.open(path, flags | os.O_CLOEXEC, 0o644)


def _lock(descriptor: int, wait: bool) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
    except OSError as error:
        if error.errno not in _NOT_LOCKED or not stat.S_ISDIR(os.fstat(descriptor).st_mode):
            raise


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
