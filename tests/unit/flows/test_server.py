"""A Prefect server and the processes that use it: who finds it, and who ends with it. Real processes, killed."""

import os
import signal
import subprocess
import sys

import pytest

from flows import server
from flows.server import ADDRESS_FILE, running_server

pytestmark = pytest.mark.usefixtures("workdir")
START = "import time; from unittest.mock import Mock; from flows import server; server.answers = lambda url: True\n"
OWNING = "own = server.PrefectServer(); own.wait(); print(own.pid, flush=True);"
ANNOUNCING = "with server.announced(Mock(url='http://here', pid=1)): print('up', flush=True); input()"
USING = "url = server.running_server(); server.use_server(url); print(url, flush=True); time.sleep(60)"
GOES_ON = "what was finished is kept, the same command goes on from there"


def start(code: str) -> "subprocess.Popen[str]":
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    environment.pop("PREFECT_API_URL", None)
    pipe = subprocess.PIPE
    return subprocess.Popen(
        [sys.executable, "-c", START + code], env=environment, stdin=pipe, stdout=pipe, stderr=pipe, text=True
    )


def line(process: "subprocess.Popen[str]") -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def test_a_process_ends_when_its_server_dies_unasked() -> None:
    process = start(OWNING + "time.sleep(60)")
    os.kill(int(line(process)), signal.SIGKILL)
    assert process.communicate(timeout=5)[1] == (
        f"remint: Prefect's server died; see .remint/logs/prefect-server.log; {GOES_ON}\n"
    )
    assert process.returncode == 1


def test_a_process_that_stops_its_server_goes_on() -> None:
    process = start(OWNING + "own.stop(); time.sleep(0.2); print('done')")
    assert process.communicate(timeout=30)[0].endswith("done\n")
    assert process.returncode == 0


@pytest.mark.parametrize("ends", [lambda process: process.kill(), lambda process: process.communicate("\n")])
def test_a_server_is_found_while_its_process_lives_and_those_that_use_it_end_with_it(
    monkeypatch: pytest.MonkeyPatch, ends: object
) -> None:
    monkeypatch.delenv("PREFECT_API_URL", raising=False)
    monkeypatch.setattr(server, "answers", lambda _url: True)  # as another project's server on that port does
    announcing = start(ANNOUNCING)
    assert line(announcing) == "up"
    assert running_server() == "http://here"
    using = start(USING)
    assert line(using) == "http://here"
    ends(announcing)  # type: ignore[operator]
    assert using.communicate(timeout=5)[1] == (
        f"remint: Prefect's server, which another remint command served, has ended; {GOES_ON}\n"
    )
    assert using.returncode == 1
    assert ADDRESS_FILE.exists() == (announcing.wait() != 0)
    assert running_server() is None
