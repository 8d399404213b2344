"""Settings of the tools around remint: nothing is sent anywhere, nothing chatters. Set before a tool is imported."""

import gc
import os
from collections.abc import Iterator
from contextlib import contextmanager

_DEFAULTS = {
    "DO_NOT_TRACK": "1",
    "DVC_NO_ANALYTICS": "1",
    "GX_ANALYTICS_ENABLED": "false",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "15",
    "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "PREFECT_SERVER_UI_SHOW_PROMOTIONAL_CONTENT": "false",
    "PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL": "CRITICAL",
    "PREFECT_LOGGING_TO_API_WHEN_MISSING_FLOW": "ignore",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "PIP_DISABLE_PIP_VERSION_CHECK": "1",
    "CUBLAS_WORKSPACE_CONFIG": ":4096:8",
    # Threads spin a bounded time before they sleep: unbounded they slow a busy machine, without spinning training takes
    # a fifth longer (docs/decisions/0007).
    "GOMP_SPINCOUNT": "20000",
}


def prepare_environment() -> None:
    """Set what the user has not set."""
    for name, value in _DEFAULTS.items():
        os.environ.setdefault(name, value)


@contextmanager
def quick_imports() -> Iterator[None]:
    """Import large packages inside the block without the garbage collector, which finds nothing to collect there."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
        gc.freeze()


def quick_exit() -> None:
    """Spare the collector its last look at everything that was imported; call as the process's last act."""
    gc.freeze()
