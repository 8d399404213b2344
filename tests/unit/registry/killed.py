"""Work in child processes that are quick to start, and that kill themselves at a call of the store."""

import multiprocessing
import os
import signal
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any

CALLS = (
    "create_logged_model",
    "log_model_artifacts",
    "log_outputs",
    "log_batch",
    "finalize_logged_model",
    "create_registered_model",
    "create_model_version",
    "set_logged_model_tags",
    "set_model_version_tag",
    "set_registered_model_tag",
    "set_registered_model_alias",
    "delete_registered_model_alias",
)
"What a registration and a promotion write to the store with."


def context() -> Any:
    """Give what starts processes from one that has loaded what they need, and has opened no store."""
    found = multiprocessing.get_context("forkserver")
    found.set_forkserver_preload(["mlflow", "mlflow.pyfunc", "tests.unit.registry.killed", "remint.registry.promotion"])
    return found


def start(project: Path, work: Callable[..., Any], *arguments: Any, kill_at: tuple[int, bool] | None = None) -> Any:
    """Start work in a project; `kill_at`: it kills itself at its n-th call, before or after what the call does."""
    process = context().Process(target=_child, args=(project, work, arguments, kill_at))
    process.start()
    return process


def _child(
    project: Path, work: Callable[..., Any], arguments: tuple[Any, ...], kill_at: tuple[int, bool] | None
) -> None:
    os.chdir(project)
    os.environ.pop("MLFLOW_TRACKING_URI", None)
    if kill_at is not None:
        _mine(*kill_at)
    work(*arguments)


def _mine(number: int, after: bool) -> None:
    from mlflow import MlflowClient

    done = 0

    def mined(method: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(method)
        def call(*arguments: Any, **options: Any) -> Any:
            nonlocal done
            done += 1
            if done == number and not after:
                os.kill(os.getpid(), signal.SIGKILL)
            answer = method(*arguments, **options)
            if done == number:
                os.kill(os.getpid(), signal.SIGKILL)
            return answer

        return call

    for name in CALLS:
        setattr(MlflowClient, name, mined(getattr(MlflowClient, name)))
