"""`remint ui` and `remint schedule`: the processes that stay."""

import contextlib
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator

from flows.dvc_files import tell_healed
from flows.healing import at_work
from flows.server import HOST, PrefectServer, announced, require_free_port, running_server, use_server
from flows.signs import crash_dead_runs, flow_sign
from remint import paths
from remint.cli.project import require_project
from remint.config.load import load_project
from remint.errors import ConfigError, RemintError

_START_SECONDS = 60.0


def ui(mlflow_port: int, prefect_port: int) -> None:
    """Start MLflow's and Prefect's pages and print their addresses; stop both on Ctrl-C."""
    require_project()
    require_free_port(mlflow_port, "--mlflow-port")
    with _prefect(prefect_port, "--prefect-port") as prefect_url, _mlflow(mlflow_port) as mlflow_url:
        print(f"MLflow   {mlflow_url}", flush=True)
        print(f"Prefect  {prefect_url.removesuffix('/api')}", flush=True)
        print("Ctrl-C stops both.", flush=True)
        _wait_for_interrupt()


def schedule(port: int) -> None:
    """Serve the schedules until Ctrl-C."""
    require_project()
    schedules = load_project().schedules
    if not schedules:
        raise ConfigError(f"{paths.PARAMS_FILE}: schedules is empty; there is nothing to serve")
    with at_work():
        pass  # each run shows that it is at work; this process waits most of the time
    shared = os.environ.get("PREFECT_API_URL")
    with _prefect(port, "--port") as url, contextlib.suppress(KeyboardInterrupt), flow_sign(shared) as tag:
        use_server(url)
        tell_healed(f"flow run of {name}: its process died; now Crashed" for name in crash_dead_runs(shared))
        from flows.schedule import serve_schedules

        for name, entry in schedules.items():
            print(f"{name}: {entry.what} at {entry.cron} ({entry.timezone})", flush=True)
        print(f"Prefect  {url.removesuffix('/api')}   Ctrl-C stops serving.", flush=True)
        serve_schedules(schedules, tag)


@contextlib.contextmanager
def _prefect(port: int, option: str) -> Iterator[str]:
    """Give the address of a Prefect server: the one at work for this project, or a new one for the block."""
    if url := running_server():
        yield url
        return
    require_free_port(port, option)
    server = PrefectServer(port, services=True)
    try:
        server.wait()
        with announced(server):
            yield server.url
    finally:
        server.stop()


@contextlib.contextmanager
def _mlflow(port: int) -> Iterator[str]:
    """Give the address of MLflow's pages: the tracking server in use, or a new one on the project's store."""
    uri = os.environ.get("MLFLOW_TRACKING_URI", "")
    if uri.startswith("http"):
        yield uri
        return
    from remint.tracking.address import tracking_uri
    from remint.tracking.store import prepare_store

    prepare_store()
    url = f"http://{HOST}:{port}"
    log = paths.LOGS / "mlflow-server.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "remint.lifeline", str(os.getpid()), "mlflow", "server"]
    command += ["--backend-store-uri", tracking_uri(), "--workers", "1"]
    command += ["--host", HOST, "--port", str(port)]
    with log.open("ab") as output:
        process = subprocess.Popen(command, stdout=output, stderr=output, start_new_session=True)
    try:
        _wait_until_up(url, process, log.as_posix())
        yield url
    finally:
        process.terminate()
        process.wait()


def _wait_until_up(url: str, process: "subprocess.Popen[bytes]", log: str) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urllib.request.urlopen(f"{url}/health", timeout=2):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    raise RemintError(f"MLflow's server did not start; see {log}")


def _wait_for_interrupt() -> None:
    with contextlib.suppress(KeyboardInterrupt):
        while True:
            time.sleep(3600)
