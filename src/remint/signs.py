"""Signs of life: a locked file for each piece of work that a dead process must not leave as it is.

The kernel unlocks it when the process dies, however it dies; the next command finds it, mends what it stands for, and
takes it down.
"""

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from remint.locks import free, is_held, take

_TOKEN = "[0-9a-f]" * 32


class Sign:
    """Stands, and is locked, while its work is going on."""

    def __init__(self, folder: Path, prefix: str = "") -> None:
        """Put a sign up in a folder. `prefix`: what it is about, as `dead_signs` asks for it."""
        folder.mkdir(parents=True, exist_ok=True)
        while True:
            self.token = os.urandom(16).hex()
            self._file = folder / f"{prefix}{self.token}"
            descriptor = take(self._file)
            if descriptor is not None:
                break
            self._file.unlink(missing_ok=True)  # who looks for dead ones has it in hand
        self._descriptor = descriptor

    def remove(self) -> None:
        """Take the sign down: the work has ended."""
        self._file.unlink(missing_ok=True)
        free(self._descriptor)

    def let_go(self) -> None:
        """Leave the sign standing without a lock: the work was cut off."""
        free(self._descriptor)


class DeadSign:
    """A sign that no living process holds; it is in our hand until its work is mended."""

    def __init__(self, file: Path, token: str) -> None:
        self.file = file
        self.token = token


def any_dead(folder: Path, prefix: str = "") -> bool:
    """Tell whether a folder has a sign whose process died."""
    return any(not is_held(file) for file in folder.glob(f"{prefix}{_TOKEN}"))


@contextmanager
def all_dead(folder: Path, prefix: str = "") -> Iterator[int]:
    """Take the signs of a folder whose process died in hand, and give how many; they go when the block ends well."""
    found: list[Path] = []
    with ExitStack() as held:
        for file in sorted(folder.glob(f"{prefix}{_TOKEN}")):
            with suppress(FileNotFoundError):
                descriptor = take(file, os.O_RDWR)
                if descriptor is not None:
                    held.callback(free, descriptor)
                    found.append(file)
        yield len(found)
        for file in found:
            file.unlink(missing_ok=True)


def dead_signs(folder: Path, prefix: str = "") -> Iterator[DeadSign]:
    """Give the signs of a folder whose process died; each is taken down when the next is asked for.

    Who stops asking leaves the present one standing, for the next command.
    """
    for file in sorted(folder.glob(f"{prefix}{_TOKEN}")):
        try:
            descriptor = take(file, os.O_RDWR)
        except FileNotFoundError:
            continue
        if descriptor is None:
            continue
        try:
            yield DeadSign(file, file.name.removeprefix(prefix))
            file.unlink(missing_ok=True)
        finally:
            free(descriptor)
