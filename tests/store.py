"""A real MLflow store for a test: a copy of one migrated database, in a working directory of its own."""

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from remint import paths
from remint.tracking.store import client, prepare_store


@pytest.fixture(scope="session")
def migrated_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty store."""
    folder, here = tmp_path_factory.mktemp("store"), Path.cwd()
    os.chdir(folder)
    try:
        prepare_store()
    finally:
        os.chdir(here)
    return folder / paths.MLFLOW_DB


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, migrated_database: Path) -> Path:
    """An empty project with a store, which is the working directory."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    paths.MLRUNS.mkdir()
    shutil.copy(migrated_database, paths.MLFLOW_DB)
    return tmp_path


@contextmanager
def mlflow_server(folder: Path) -> Iterator[str]:
    """Give the address of an MLflow server that keeps the artifacts itself, in `folder/files`."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", "mlflow", "server", "--workers", "1", "--host", "127.0.0.1", "--port", str(port)]
    command += ["--backend-store-uri", f"sqlite:///{folder}/mlflow.db", "--artifacts-destination", f"{folder}/files"]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, cwd=folder, stdout=log, stderr=log)
    try:
        _wait(url, process)
        yield url
    finally:
        process.terminate()
        process.wait()


def _wait(url: str, process: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urllib.request.urlopen(f"{url}/health", timeout=2):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
    pytest.fail("the server did not start")


def all_runs(dataset: str) -> list:
    """Runs of a dataset, newest first."""
    experiment = client().get_experiment_by_name(dataset)
    return list(client().search_runs([experiment.experiment_id])) if experiment else []


def artifacts(run_id: str, folder: str = "") -> set[str]:
    """Paths of a run's files."""
    found: set[str] = set()
    for entry in client().list_artifacts(run_id, folder or None):
        found |= artifacts(run_id, entry.path) if entry.is_dir else {entry.path}
    return found
