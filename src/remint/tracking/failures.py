"""What goes wrong with the MLflow store, told in one sentence."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from remint import paths
from remint.errors import RemintError
from remint.tracking.address import shown_uri
from remint.tracking.settings import load_mlflow

_CAUSES = {
    "refused": "connection refused",
    "Name or service": "unknown host",
    "resolve": "unknown host",
    "timed out": "no answer",
    "timeout": "no answer",
    "Max retries exceeded": "no connection",
}
"A part of an error's text to what it means, for a store that does not answer."
_LONGEST = 300


@contextmanager
def store_errors() -> Iterator[None]:
    """Raise a RemintError for whatever goes wrong with the store inside the block."""
    load_mlflow()
    from mlflow.exceptions import MlflowException
    from sqlalchemy.exc import SQLAlchemyError

    try:
        yield
    except (MlflowException, SQLAlchemyError, sqlite3.Error, OSError) as error:
        raise store_error(error) from error


def store_error(error: Exception) -> RemintError:
    """Give the error that tells the user what went wrong with the store, and what to do."""
    text = str(error).strip() or type(error).__name__
    cause = next((meaning for sign, meaning in _CAUSES.items() if sign in text), None)
    if cause is not None:
        end = f"start it, or unset MLFLOW_TRACKING_URI to record in {paths.MLRUNS}/"
        return RemintError(f"MLflow's store {shown_uri()} cannot be reached ({cause}); {end}")
    reason = text.splitlines()[0][:_LONGEST]
    where = "MLFLOW_TRACKING_URI" if os.environ.get("MLFLOW_TRACKING_URI") else f"{paths.MLRUNS}/"
    return RemintError(f"MLflow's store {shown_uri()} cannot be used: {reason}; see {where}")
