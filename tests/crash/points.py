"""Points at which a command can be killed: each change of a file under the project, each commit of MLflow's store.

Python tells of files through audit hooks, before the act. SQLite tells nothing, so SQLAlchemy's commit is wrapped.
Libraries that write files in C++ or Rust (Parquet, safetensors) are not seen: their files lie between two points.
"""

import errno
import json
import mmap
import os
import re
import signal
import sqlite3
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_CHANGES = {
    "os.rename": "rename", "os.remove": "remove", "os.rmdir": "rmdir", "os.mkdir": "mkdir", "os.link": "link",
    "os.symlink": "symlink", "os.truncate": "truncate",
}  # fmt: skip
_TAKES_SPACE = {"open", "rename", "mkdir", "link", "symlink", "commit"}
_RANDOM = re.compile(r"(?<![0-9a-f])(m-)?([0-9a-f]{32}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})(?![0-9a-f])")
_OWN = ("/.git/", "/__pycache__/")
"Places where nobody but git and Python writes."

BEFORE, AFTER, PARENT, FULL = "before", "after", "parent", "full"
"What is done at the point: the process killed before the act, or after it; its parent killed; or the disk is full."


@dataclass(frozen=True)
class Aim:
    """The point at which something is done, counted from 1; 0 for none."""

    point: int = 0
    what: str = BEFORE


class Points:
    """Counts the points of a process and of those that it forks, notes them, and does what is to be done at one."""

    def __init__(self, root: Path, aim: Aim, log: Path) -> None:
        self._root = f"{root}/"
        self._aim = aim
        self._log = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        self._count = mmap.mmap(-1, 8)
        self._mutex = threading.Lock()
        self._inside = threading.local()

    @property
    def descriptor(self) -> int:
        """Of the file with the notes, which a forked process needs open."""
        return self._log

    def watch(self) -> None:
        """Begin, in this process and in those that it forks."""
        import sqlalchemy.engine.default as engine

        commit: Callable[[Any, Any], None] = engine.DefaultDialect.do_commit

        def do_commit(dialect: Any, connection: Any) -> None:
            self._reach("commit", "mlflow.db")
            commit(dialect, connection)

        engine.DefaultDialect.do_commit = do_commit  # type: ignore[method-assign]
        sys.addaudithook(self._hear)

    def _hear(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event == "open":
            path, _mode, flags = arguments
            if isinstance(flags, int) and flags & _WRITES and isinstance(path, str | bytes | os.PathLike):
                self._change("open", path)
        elif event in _CHANGES and isinstance(arguments[0], str | bytes | os.PathLike):
            moved = event in ("os.rename", "os.link", "os.symlink")
            self._change(_CHANGES[event], arguments[1] if moved else arguments[0], arguments[-1])

    def _change(self, act: str, path: Any, folder: Any = None) -> None:
        if getattr(self._inside, "busy", False):
            return
        self._inside.busy = True
        try:
            within = Path(f"/proc/self/fd/{folder}").readlink() if type(folder) is int and folder >= 0 else Path()
            place = os.path.abspath(within / os.fsdecode(path))  # noqa: PTH100 - links are to stay what they are
            if place.startswith(self._root) and not any(own in place for own in _OWN):
                self._reach(act, place.removeprefix(self._root))
        finally:
            self._inside.busy = False

    def _reach(self, act: str, place: str) -> None:
        with self._mutex:
            count = int.from_bytes(self._count[:8], "little") + 1
            self._count[:8] = count.to_bytes(8, "little")
        name = f"{act} {_RANDOM.sub('*', place)}"
        os.write(self._log, (json.dumps([count, name]) + "\n").encode())
        if self._aim.what == FULL:
            if self._aim.point and count >= self._aim.point and act in _TAKES_SPACE:
                _no_space(act, place)
        elif count == self._aim.point:
            _kill(self._aim.what)


def _kill(what: str) -> None:
    if what == PARENT:
        os.kill(os.getppid(), signal.SIGKILL)
    elif what == BEFORE:
        os.kill(os.getpid(), signal.SIGKILL)
    else:
        sys.setprofile(_kill_outside)


def _kill_outside(frame: Any, _event: str, _argument: Any) -> None:
    """Kill at the first call or return outside this file: the act is done then, and nothing else."""
    if frame.f_code.co_filename != __file__:
        os.kill(os.getpid(), signal.SIGKILL)


def _no_space(act: str, place: str) -> None:
    if act == "commit":
        raise sqlite3.OperationalError("database or disk is full")
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), place)


def kind_of(name: str) -> str:
    """Give the kind of a point: its act and the part of the project that it is in."""
    act, _, place = name.partition(" ")
    return f"{act} {'/'.join(Path(place).parts[:2])}"
