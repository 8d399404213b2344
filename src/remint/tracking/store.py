"""The MLflow store: making it ready, and a client of it."""

import os
import socket
import sqlite3
from contextlib import closing
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from remint.errors import RemintError
from remint.files import writing
from remint.locks import locked
from remint.tracking.address import absolute_uri, sqlite_file
from remint.tracking.failures import store_error, store_errors
from remint.tracking.relocation import relocate
from remint.tracking.settings import impatient

if TYPE_CHECKING:
    from mlflow import MlflowClient

_PORTS = {"postgresql": 5432, "mysql": 3306, "mssql": 1433}


def check_store() -> None:
    """Make the store ready and make sure that it can be written, or answers; takes some seconds at most.

    Raises RemintError.
    """
    database = sqlite_file()
    if database is not None:
        _check_writable(database.parent)
    client()


def prepare_store() -> None:
    """Create or migrate the SQLite database of the store (about 2 s), once a process; any other store is left alone.

    Several threads and processes may call it at once. A process killed meanwhile leaves no half-made database.
    Raises RemintError.
    """
    database = sqlite_file()
    if database is not None:
        with store_errors():
            _prepare(database)


def client() -> "MlflowClient":
    """Give a client of the store, which it makes ready when first asked for.

    Raises RemintError, within seconds, where the store does not answer.
    """
    prepare_store()
    with store_errors():
        return _answering_client(absolute_uri())


@cache
def _answering_client(uri: str) -> "MlflowClient":
    _check_database_port(uri)
    with impatient():
        _client(uri).search_experiments(max_results=1)
    return _client(uri)


@cache
def _client(uri: str) -> "MlflowClient":
    from mlflow import MlflowClient

    return MlflowClient(tracking_uri=uri, registry_uri=uri)


@cache
def _prepare(database: Path) -> None:
    database.parent.mkdir(parents=True, exist_ok=True)
    with locked(database.with_name(".lock")):
        if not database.exists():
            with writing(database) as temporary:
                _open(temporary)
            return
        with closing(sqlite3.connect(database)) as connection:  # MLflow tries ten times, for minutes, if it is none
            connection.execute("PRAGMA schema_version")
        _migrate(database)
        relocate(database)


def _open(database: Path) -> None:
    """Let MLflow open a database, which makes its tables where there are none."""
    _client(f"sqlite:///{database}").search_experiments(max_results=1)


def _migrate(database: Path) -> None:
    """Bring the tables to the form that this MLflow wants; keep a copy of the old ones.

    It is done on a copy that takes the database's place: MLflow does it step by step, and a kill between two would
    leave tables that no MLflow knows.
    """
    from mlflow.exceptions import MlflowException

    try:
        _open(database)
    except MlflowException as error:
        if "out-of-date database schema" not in str(error):
            raise
        with writing(database.with_suffix(".before-migration.db")) as kept:
            _copy(database, kept)
        with writing(database) as migrated:
            _copy(database, migrated)
            _upgrade(migrated)


def _upgrade(database: Path) -> None:
    """Do what `mlflow db upgrade` does."""
    from mlflow.store.db.utils import _upgrade_db, create_sqlalchemy_engine

    engine = create_sqlalchemy_engine(f"sqlite:///{database}")  # type: ignore[no-untyped-call]
    _upgrade_db(engine)  # type: ignore[no-untyped-call]
    engine.dispose()


def _copy(database: Path, target: Path) -> None:
    """Copy a SQLite database with what its journal holds."""
    with closing(sqlite3.connect(database)) as source, closing(sqlite3.connect(target)) as copy:
        source.backup(copy)


def _check_writable(folder: Path) -> None:
    probe = folder / f".probe-{os.getpid()}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise RemintError(
            f"{os.path.relpath(folder)}/ cannot be written: {error.strerror}; MLflow's runs and models are kept there: "
            "make it writable, or name another store in MLFLOW_TRACKING_URI"
        ) from None


def _check_database_port(uri: str) -> None:
    """Try the port of a database server, since MLflow tries ten times, for minutes."""
    parts = urlsplit(uri)
    port = parts.port or _PORTS.get(parts.scheme.partition("+")[0])
    if parts.hostname is None or port is None or parts.scheme.startswith("http"):
        return
    try:
        socket.create_connection((parts.hostname, port), timeout=5).close()
    except OSError as error:
        raise store_error(error) from None
