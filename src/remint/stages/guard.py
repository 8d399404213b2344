"""Refusing a stage what `dvc.yaml` does not declare: files of the project, and the network.

A result that depends on more than DVC knows cannot be minted again. An audit hook (PEP 578) sees what the stage's
thread opens, lists, renames and connects to, the threads that it starts and the processes that it forks; threads of
others, such as Prefect's, are left alone. What the tracking store does for the record is no input, and passes.

Unseen remain: commands that a stage starts and processes that it spawns; files outside the project; whether a file
exists and how large it is; what modules read that were imported before the stage; libraries that open files or
connections in native code, but for the functions of `native.py`.
"""

import os
import socket
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any
from weakref import WeakSet

from remint.errors import RemintError
from remint.stages.allowed import Allowed, database_file
from remint.stages.callers import is_no_input
from remint.stages.native import announce_native_opens

_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT
_LONGEST = 65536
"Bytes that are read of what was refused."
_MOVES = ("os.rename", "os.link")
"Events whose first two arguments are from where to where."
_LISTINGS = ("os.listdir", "os.scandir")
_BY_NAME = ("open", "sqlite3.connect", *_LISTINGS)
"Events whose first argument is a file or folder by its name, if it is not an open one's number."
_CONNECTIONS = {
    "socket.connect": 1,
    "socket.sendto": 1,
    "socket.sendmsg": 1,
    "socket.getaddrinfo": 0,
    "socket.gethostbyname": 0,
    "socket.gethostbyaddr": 0,
}
"Event to where the address or host stands."
_EVENTS = frozenset({*_BY_NAME, *_MOVES, *_CONNECTIONS, "os.symlink"})

_started: "WeakSet[threading.Thread]" = WeakSet()
"Threads that a stage started; they may outlive it, and work for the next."
_alone = threading.RLock()
_guard: "_Guard | None" = None


@contextmanager
def guarded(address: str, allowed: Allowed, network: bool = False) -> Iterator[None]:
    """Let the block, which is the stage `address`, open what is allowed alone; with `network`, connect to anything.

    What is not allowed raises RemintError where it is tried and, should a library have swallowed that, where the stage
    writes its next file, before its record is closed, and at the block's end. One block of a process is inside at a
    time.
    """
    global _guard
    _install()
    announce_native_opens()
    with _alone, tempfile.TemporaryFile(buffering=0) as told:
        _guard, before = _Guard(address, allowed, network, told.fileno()), _guard
        try:
            with _noting_threads():
                yield
        finally:
            _guard = before
            told.seek(0)
            if said := told.read():
                raise _error(said) from None


class _Guard:
    """What one stage may do."""

    def __init__(self, address: str, allowed: Allowed, network: bool, told: int) -> None:
        self.address, self.allowed, self.network = address, allowed, network
        self._told = told
        self._owner = threading.get_ident()

    def concerns_this_thread(self) -> bool:
        """Tell whether the stage's own thread, or one that a stage started, is at work."""
        ident = threading.get_ident()  # `current_thread` would make an object for a thread that Python does not know
        return ident == self._owner or threading._active.get(ident) in _started  # type: ignore[attr-defined]

    def file(self, path: Any, flags: int) -> None:
        """Refuse a file that is read, or written, without being declared, and any that is written after a refusal."""
        if flags & _WRITING:
            self._repeat_refusal()
        found = self.allowed.refused(path)
        if found is None or self._is_folder(found):
            return
        if flags & os.O_CREAT or (self.allowed.root / found).exists():
            self._refuse_file(found, flags)

    def move(self, source: Any, target: Any) -> None:
        """Refuse to move, or link, a file or folder that is not declared, or to where none is."""
        folder = Path(os.fsdecode(source)).is_dir()  # outputs may lie in it
        for path, flags in ((source, os.O_RDONLY), (target, _WRITING)):
            if found := self.allowed.refused(path, listing=folder):
                self._refuse_file(found, flags)

    def link(self, source: Any, target: Any) -> None:
        """Refuse a symbolic link like a move: the name that it has would stand for what it leads to."""
        folder = Path(os.fsdecode(target)).absolute().parent
        self.move(folder / os.fsdecode(source), target)

    def listing(self, path: Any) -> None:
        """Refuse to list a folder that is not declared; a stage that fetches files may look where they could lie."""
        found = None if self.network else self.allowed.refused(path, listing=True)
        if found is not None and self._is_folder(found):
            self._refuse(
                f"listed {found}, which dvc.yaml does not declare as a dependency: add it to deps, or do not read it"
            )

    def connection(self, arguments: tuple[Any, ...], place: int) -> None:
        """Refuse a connection, or the search for a host's address."""
        if not self.network and (host := _host(arguments, place)):
            self._refuse(f"connected to {host}; only ingest may use the network: declare the file under source")

    def _is_folder(self, found: str) -> bool:
        return (self.allowed.root / found).is_dir()

    def _refuse_file(self, found: str, flags: int) -> None:
        if flags & _WRITING:
            self._refuse(f"wrote {found}, which dvc.yaml does not declare as an output: add it to outs, or write none")
        self._refuse(
            f"opened {found}, which dvc.yaml does not declare as a dependency: add it to deps, or do not read it"
        )

    def _repeat_refusal(self) -> None:
        said = os.pread(self._told, _LONGEST, 0)
        if said and not is_no_input():
            raise _error(said)

    def _refuse(self, what: str) -> None:
        if not is_no_input():
            message = f"{self.address} {what}"
            os.write(self._told, f"{message}\n".encode())  # a forked process shares the file
            raise RemintError(message)


def _error(said: bytes) -> RemintError:
    """Give the first refusal again."""
    return RemintError(said.decode(errors="replace").splitlines()[0])


@cache
def _install() -> None:
    sys.addaudithook(_hook)


def _hook(event: str, arguments: tuple[Any, ...]) -> None:
    guard = _guard
    if guard is None or event not in _EVENTS or not guard.concerns_this_thread():
        return
    first = arguments[0]
    if event in _BY_NAME and not isinstance(first, str | bytes | os.PathLike):
        return
    if event == "open":
        guard.file(first, arguments[2])
    elif event == "sqlite3.connect":
        guard.file(database_file(first), os.O_RDONLY)
    elif event in _MOVES:
        guard.move(first, arguments[1])
    elif event == "os.symlink":
        guard.link(first, arguments[1])
    elif event in _LISTINGS:
        guard.listing(first)
    else:
        guard.connection(arguments, _CONNECTIONS[event])


def _host(arguments: tuple[Any, ...], place: int) -> str | None:
    """Name the other side; None for a socket that reaches this machine's own processes by a file."""
    first, found = arguments[0], arguments[place]
    if isinstance(first, socket.socket):
        if first.family not in (socket.AF_INET, socket.AF_INET6) or not isinstance(found, tuple):
            return None
        return f"{found[0]}:{found[1]}"
    host = found.decode(errors="replace") if isinstance(found, bytes) else str(found or "this machine")
    port = arguments[1] if len(arguments) > 1 else None
    return f"{host}:{port}" if port else host


@contextmanager
def _noting_threads() -> Iterator[None]:
    """Note threads that the guarded stage starts inside the block, but for those that serve the record."""
    start: Callable[[threading.Thread], None] = threading.Thread.start

    def noting(thread: threading.Thread) -> None:
        if _guard is not None and _guard.concerns_this_thread() and not is_no_input():
            _started.add(thread)
        start(thread)

    threading.Thread.start = noting  # type: ignore[method-assign, assignment]
    try:
        yield
    finally:
        threading.Thread.start = start  # type: ignore[method-assign, assignment]
