"""The version that a worker serves, and its successor: loaded beside it, then put in its place."""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from remint.errors import RemintError
from remint.registry.predictor import Predictor
from remint.registry.quick import QuickPredictor
from remint.registry.reference import Reference, parse_reference, resolve
from remint.serving.loading import load_version
from remint.tracking.address import sqlite_file
from remint.tracking.models import Version

Tell = Callable[..., None]
"Called with an event's name and what belongs to it."


@dataclass(frozen=True)
class Current:
    """A version that is loaded."""

    version: Version
    predictor: Predictor
    quick: QuickPredictor
    since: str
    "When it was put in its place here (UTC, ISO 8601)."


class Champion:
    """Holds the version that is served. `current` is replaced as a whole, so a request keeps the one it began with."""

    def __init__(self, model: str, tell: Tell) -> None:
        self._reference: Reference = parse_reference(model)
        self._tell = tell
        self._stamp = _stamp()
        self._refused: int | None = None
        self._told: tuple[int | None, str] | None = None
        self._stopped = threading.Event()
        self.current = _loaded(resolve(self._reference))

    @property
    def alias(self) -> str | None:
        """Alias that is followed; None where a version is served by its number."""
        return None if self._reference.version is not None else str(self._reference).partition("@")[2]

    def watch(self, seconds: float) -> threading.Thread | None:
        """Look every so often, in a thread of its own, whether the alias moved; not where it is a version's number."""
        if self.alias is None:
            return None
        thread = threading.Thread(target=self._watch, args=(seconds,), daemon=True, name="champion")
        thread.start()
        return thread

    def stop(self) -> None:
        """Stop looking."""
        self._stopped.set()

    def look(self) -> None:
        """Put the version that the alias is on now in the place of the current one.

        A version that does not load is told of and tried no more; the current one stays. What is wrong with the alias
        itself is told once, however often it is looked at.
        """
        stamp = _stamp()
        if stamp is not None and stamp == self._stamp:
            return
        version: Version | None = None
        try:
            version = resolve(self._reference)
            if version.number not in (self.current.version.number, self._refused):
                before, self.current = self.current.version.number, _loaded(version)
                self._tell("swapped", version=version.number, before=before)
            self._stamp, self._told = stamp, None
        except Exception as error:  # whatever is wrong with the new one, the current one is served on
            self._refused = version.number if version is not None else None
            self._tell_once(self._refused, _said(error))

    def _tell_once(self, version: int | None, reason: str) -> None:
        if self._told != (version, reason):
            self._told = version, reason
            self._tell("not swapped", version=version, serving=self.current.version.number, reason=reason)

    def _watch(self, seconds: float) -> None:
        while not self._stopped.wait(seconds):
            self.look()


def _loaded(version: Version) -> Current:
    predictor = load_version(version)
    since = datetime.now(UTC).isoformat(timespec="seconds")
    return Current(version, predictor, QuickPredictor(predictor), since)


def _stamp() -> Any:
    """Give what changes whenever the store's SQLite database does; None for another store, which must be asked."""
    database = sqlite_file()
    if database is None:
        return None
    files = (database, Path(f"{database}-wal"))
    return tuple((s.st_mtime_ns, s.st_size) for s in (file.stat() for file in files if file.exists()))


def _said(error: Exception) -> str:
    return str(error) if isinstance(error, RemintError) else f"{type(error).__name__}: {error}"
