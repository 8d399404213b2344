"""What MLflow is told through the environment."""

import logging
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from remint.environment import prepare_environment
from remint.tracking.address import absolute_uri

_DEFAULTS = {
    "MLFLOW_LOGGING_LEVEL": "CRITICAL",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
    "MLFLOW_UV_AUTO_DETECT": "false",
}
"Unless the user tells it otherwise. What it would log as an error, we raise."

_ONE_AT_A_TIME = threading.RLock()
_IMPATIENT = {"MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0", "MLFLOW_HTTP_REQUEST_TIMEOUT": "5"}


def load_mlflow() -> None:
    """Import MLflow (2 s the first time) and keep it quiet."""
    prepare_environment()
    for name, value in _DEFAULTS.items():
        os.environ.setdefault(name, value)
    import mlflow  # noqa: F401

    for logger in ("mlflow", "alembic"):
        logging.getLogger(logger).setLevel(os.environ["MLFLOW_LOGGING_LEVEL"])


@contextmanager
def impatient() -> Iterator[None]:
    """Let requests to a server fail at once, and not after retries, inside the block."""
    with _environment(_IMPATIENT):
        yield


@contextmanager
def own_uri() -> Iterator[None]:
    """Let code of MLflow that looks for the global tracking URI find that of the store inside the block."""
    with _environment({"MLFLOW_TRACKING_URI": absolute_uri()}):
        yield


@contextmanager
def _environment(values: dict[str, str]) -> Iterator[None]:
    with _ONE_AT_A_TIME:
        before = {name: os.environ.get(name) for name in values}
        os.environ.update(values)
        try:
            yield
        finally:
            for name, value in before.items():
                if value is None:
                    os.environ.pop(name, None)
                else:
                    os.environ[name] = value
