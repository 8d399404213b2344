"""Signs of life: a locked file for each run at work. The kernel unlocks it when the process dies, however it dies."""

import fcntl
import os
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from remint import paths
from remint.tracking.address import tracking_uri

FOLDER = paths.STATE / "runs"


class Sign:
    """Stands, and is locked, while its run is at work."""

    def __init__(self) -> None:
        self.token = uuid.uuid4().hex
        self._file = FOLDER / f"{_store()}-{self.token}"
        FOLDER.mkdir(parents=True, exist_ok=True)
        self._descriptor = os.open(self._file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        fcntl.flock(self._descriptor, fcntl.LOCK_EX)

    def remove(self) -> None:
        """Take the sign down: the run has ended."""
        self._file.unlink(missing_ok=True)
        self.let_go()

    def let_go(self) -> None:
        """Leave the sign standing without a lock: the run was cut off."""
        os.close(self._descriptor)


@dataclass(frozen=True)
class DeadSign:
    """A sign that no living process holds."""

    file: Path
    token: str


def cut_off() -> Iterator[DeadSign]:
    """Give the signs of runs of the present store whose process died."""
    for file in sorted(FOLDER.glob(f"{_store()}-*")):
        if not _is_held(file):
            yield DeadSign(file, file.name.partition("-")[2])


def _is_held(file: Path) -> bool:
    try:
        descriptor = os.open(file, os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        return True
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


def _store() -> str:
    return sha256(tracking_uri().encode()).hexdigest()[:8]
