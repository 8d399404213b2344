"""Where the MLflow store is, and where its artifacts lie."""

import os
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from remint import paths

DEFAULT_URI = f"sqlite:///{paths.MLFLOW_DB.as_posix()}"


def tracking_uri() -> str:
    """Give the address of the store: the environment's `MLFLOW_TRACKING_URI`, or the SQLite file of the project."""
    return os.environ.get("MLFLOW_TRACKING_URI") or DEFAULT_URI


def sqlite_file() -> Path | None:
    """Give the absolute path of the store's SQLite database; None where it is another kind of store."""
    uri = tracking_uri()
    if not uri.startswith("sqlite:///"):
        return None
    return Path.cwd() / uri.removeprefix("sqlite:///").partition("?")[0]


def absolute_uri() -> str:
    """Give the tracking URI with an absolute path: MLflow keeps one connection for all equal URIs of a process."""
    database = sqlite_file()
    if database is None:
        return tracking_uri()
    options = tracking_uri().partition("?")[2]
    return f"sqlite:///{database}" + (f"?{options}" if options else "")


def shown_uri() -> str:
    """Give the tracking URI without a password."""
    parts = urlsplit(tracking_uri())
    if parts.username is None and parts.password is None:
        return tracking_uri()
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))


def artifact_location(dataset: str) -> str | None:
    """Give the URI of the folder for a dataset's artifacts; None where the store is a server and chooses itself.

    MLflow makes a relative path absolute, so `relocation` renews the recorded ones when a project has moved.
    """
    if tracking_uri().startswith(("http://", "https://", "databricks")):
        return None
    database = sqlite_file()
    folder = Path.cwd() / paths.MLFLOW_ARTIFACTS if database is None else database.with_name("artifacts")
    return (folder / dataset).as_uri()
