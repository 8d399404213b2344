"""The database of the project's Prefect servers: one whose making was cut off is made anew.

No server would start on it. Prefect makes and upgrades its tables step by step, in SQLite without one
transaction around them.
"""

import os
import shutil
import sqlite3
from contextlib import closing
from importlib.metadata import version
from pathlib import Path

from remint import paths
from remint.files import write_text, writing
from remint.locks import free, take, telling

_DATABASE = paths.PREFECT_HOME / "prefect.db"
_BEFORE = paths.PREFECT_HOME / "prefect.before.db"
"The database as it was before an upgrade."
_BEGUN = paths.PREFECT_HOME / "begun"
_READY = paths.PREFECT_HOME / "ready"
"Holds the version of Prefect whose tables the database has."


class Making:
    """Alone with the database from its first use by a version of Prefect until a server has answered on it."""

    def __init__(self) -> None:
        """Wait until no other process makes it; put back what a process left that died while making it."""
        self._lock: int | None = None
        if self._is_ready():
            return
        paths.PREFECT_HOME.mkdir(parents=True, exist_ok=True)
        with telling("another remint process, which makes Prefect's database"):
            self._lock = take(paths.PREFECT_HOME / "making.lock", wait=True)
        if self._is_ready():
            self.let_go()
        else:
            _begin()

    def done(self) -> None:
        """Tell that the database is ready."""
        if self._lock is not None:
            _BEGUN.unlink(missing_ok=True)  # first: once it is ready, nothing is to be put back, whenever we are killed
            _BEFORE.unlink(missing_ok=True)
            write_text(_READY, version("prefect"))
            self.let_go()

    def let_go(self) -> None:
        """Let others at it: it is ready, or the server did not start."""
        if self._lock is not None:
            free(self._lock)
            self._lock = None

    @staticmethod
    def _is_ready() -> bool:
        if os.environ.get("PREFECT_API_DATABASE_CONNECTION_URL"):
            return True
        try:
            return _DATABASE.exists() and _READY.read_text(encoding="utf-8") == version("prefect")
        except OSError:
            return False


def _begin() -> None:
    if _BEGUN.exists():
        _put_back()
    if _DATABASE.exists():
        with (
            writing(_BEFORE) as copy,
            closing(sqlite3.connect(_DATABASE)) as source,
            closing(sqlite3.connect(copy)) as target,
        ):
            source.backup(target)
    write_text(_BEGUN, version("prefect"))


def _put_back() -> None:
    """Give the database the state from before the making that was cut off, which may be none."""
    for suffix in ("-wal", "-shm", "-journal"):
        Path(f"{_DATABASE}{suffix}").unlink(missing_ok=True)
    if not _BEFORE.exists():
        _DATABASE.unlink(missing_ok=True)
        return
    with writing(_DATABASE) as copy:
        shutil.copyfile(_BEFORE, copy)
