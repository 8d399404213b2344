"""One process at a time in the registry."""

from collections.abc import Iterator
from contextlib import contextmanager

from remint import paths
from remint.locks import locked
from remint.tracking.address import sqlite_file


@contextmanager
def registry_lock() -> Iterator[None]:
    """Be alone with the registry inside the block, on this machine: the lock belongs to the store."""
    database = sqlite_file()
    file = paths.STATE / "registry.lock" if database is None else database.with_name(".registry.lock")
    with locked(file, "another remint process that is registering or promoting a model"):
        yield
