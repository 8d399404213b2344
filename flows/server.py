"""The Prefect server that a flow talks to: one that is running already, or one started for the flow and stopped after.

A server of our own ends with the process that started it, however that dies, and that process with it: Prefect's client
would ask a dead server for minutes, and then end in a traceback.

No module that is imported with this one imports prefect: the server starts while the rest of remint is still loading.
"""

import json
import os
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from flows.prefect_store import Making
from remint import lifeline, paths
from remint.errors import RemintError
from remint.locks import free, is_held, is_ours, locked, take

HOST = "127.0.0.1"
ADDRESS_FILE = paths.STATE / "prefect.json"
"Tells of a server that other commands may use; true as long as the process that serves it holds its lock."
_PERIODIC_SERVICES = ("SCHEDULER", "LATE_RUNS", "PAUSE_EXPIRATIONS", "FOREMAN", "TRIGGERS", "CANCELLATION_CLEANUP")
_START_SECONDS = 120.0


class PrefectServer:
    """A Prefect server in a process of its own, on the project's store, bound to this machine."""

    def __init__(self, port: int | None = None, services: bool = False) -> None:
        """Start the process and return at once. `services`: run schedules, too, and serve the pages."""
        self.port = port or free_port()
        self.url = f"http://{HOST}:{self.port}/api"
        self._stopping = False
        self._log = paths.LOGS / "prefect-server.log"
        self._log.parent.mkdir(parents=True, exist_ok=True)
        self._making = Making()
        command = [sys.executable, "-m", "remint.lifeline", str(os.getpid())]
        command += ["uvicorn", "--factory", "prefect.server.api.server:create_app"]
        command += ["--host", HOST, "--port", str(self.port), "--log-level", "warning", "--timeout-keep-alive", "5"]
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                command, env=_server_environment(self.url, services), stdout=log, stderr=log, start_new_session=True
            )

    @property
    def pid(self) -> int:
        """Process number of the server."""
        return self._process.pid

    def wait(self) -> None:
        """Wait until the server answers. Raises RemintError with its last words when it does not."""
        deadline = time.monotonic() + _START_SECONDS
        while not answers(self.url):
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.stop()
                raise RemintError(f"Prefect's server did not start; see {self._log}:\n{self._last_words()}")
            time.sleep(0.05)
        self._making.done()
        threading.Thread(target=self._end_with_it, name="prefect-server", daemon=True).start()

    def stop(self) -> None:
        """End the process, letting it finish what it is writing."""
        self._making.let_go()
        self._stopping = True
        self._process.terminate()
        try:
            self._process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _end_with_it(self) -> None:
        self._process.wait()
        if not self._stopping:
            _end(f"Prefect's server died; see {self._log}")

    def _last_words(self) -> str:
        return "\n".join(self._log.read_text(encoding="utf-8", errors="replace").splitlines()[-5:])


def use_server(url: str) -> None:
    """Make Prefect's client in this process and its children talk to a server. Call before prefect is imported.

    This process ends with the server, if that is one of another remint command.
    """
    os.environ["PREFECT_API_URL"] = url
    os.environ["PREFECT_HOME"] = str(paths.PREFECT_HOME.resolve())
    if url == _announced_url() and not is_ours(ADDRESS_FILE):
        threading.Thread(target=_end_with_the_announced, name="prefect-server", daemon=True).start()


def running_server() -> str | None:
    """Give the address of a server to use instead of starting one: the user's own, or that of `remint ui`."""
    if url := os.environ.get("PREFECT_API_URL"):
        return url
    url = _announced_url()
    return url if url and answers(url) else None


@contextmanager
def announced(server: PrefectServer) -> Iterator[None]:
    """Let other commands of this project find the server while the block runs."""
    with locked(ADDRESS_FILE, "another remint ui or schedule of this project"):
        ADDRESS_FILE.write_text(json.dumps({"url": server.url, "pid": server.pid}), encoding="utf-8")
        try:
            yield
        finally:
            ADDRESS_FILE.unlink(missing_ok=True)


def _announced_url() -> str | None:
    """Give the address that a living process of this project announces."""
    try:
        url = json.loads(ADDRESS_FILE.read_text(encoding="utf-8"))["url"] if is_held(ADDRESS_FILE) else None
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return url if isinstance(url, str) else None


def _end_with_the_announced() -> None:
    with suppress(FileNotFoundError):  # the file goes where its process ends well
        held = take(ADDRESS_FILE, os.O_RDWR, wait=True)
        assert held is not None
        free(held)
    _end("Prefect's server, which another remint command served, has ended")


def _end(why: str) -> None:
    """End this process as a kill would, which the next command heals: nothing of it can be told to Prefect any more."""
    if sys.stdout.isatty():
        print("\x1b[?25h", end="", flush=True)  # shows the cursor, which a progress line hides
    print(f"remint: {why}; what was finished is kept, the same command goes on from there", file=sys.stderr, flush=True)
    lifeline.end()


def answers(url: str) -> bool:
    """Tell whether a Prefect server is ready at `url`."""
    try:
        with urllib.request.urlopen(f"{url}/health", timeout=2) as response:
            return bool(response.status == 200)
    except (urllib.error.URLError, OSError, ValueError):
        return False


def free_port() -> int:
    """Give a port that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def require_free_port(port: int, option: str) -> None:
    """Raise RemintError when somebody listens on the port already."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            raise RemintError(f"port {port} is in use; choose another with {option}") from None


def _server_environment(url: str, services: bool) -> dict[str, str]:
    home = paths.PREFECT_HOME.resolve()
    Path(home).mkdir(parents=True, exist_ok=True)
    environment = {**os.environ, "PREFECT_HOME": str(home), "PREFECT_UI_API_URL": url}
    environment.pop("PREFECT_API_URL", None)
    if not services:
        environment.update({f"PREFECT_SERVER_SERVICES_{name}_ENABLED": "false" for name in _PERIODIC_SERVICES})
        environment.update({"PREFECT_UI_ENABLED": "false", "PREFECT_API_BLOCKS_REGISTER_ON_START": "false"})
    return environment
