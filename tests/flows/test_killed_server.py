"""A real Prefect server, and flow runs whose process is killed."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from flows.server import PrefectServer, use_server
from flows.signs import crash_dead_runs
from remint import paths
from tests.unit.test_lifeline import dies

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("workdir")]
SERVER = """
from flows.server import PrefectServer
server = PrefectServer()
print(server.pid, flush=True)
server.wait()
"""
FLOW = """
import os, signal, sys
from prefect import flow, tags, task
from flows.signs import flow_sign
@task
def work(): os.kill(os.getpid(), signal.SIGKILL)
@flow
def killed(): work()
with flow_sign() as tag, tags(tag): killed()
"""
SERVED = """
import time
from flows.server import PrefectServer, use_server
server = PrefectServer()
use_server(server.url)
server.wait()
"""
KILLING = SERVED + FLOW.replace("os.getpid(), signal.SIGKILL", "server.pid, 9); time.sleep(60")
NEXT = SERVED + "from flows.signs import crash_dead_runs; print(len(crash_dead_runs())); server.stop()"
LIVING = FLOW.replace("os.kill(os.getpid(), signal.SIGKILL)", "print(1, flush=True); sys.stdin.read()")


def run(code: str, **options: object) -> "subprocess.Popen[str]":
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    return subprocess.Popen([sys.executable, "-c", code], env=environment, **pipes, **options)


def test_a_server_dies_with_its_parent_and_a_half_made_database_is_made_anew() -> None:
    parent = run(SERVER)
    assert parent.stdout is not None
    number = int(parent.stdout.readline())
    while not (database := paths.PREFECT_HOME / "prefect.db").exists():
        assert parent.poll() is None
    parent.kill()
    assert dies(number)
    database.write_bytes(b"half of a database")
    server = PrefectServer()
    try:
        server.wait()
    finally:
        server.stop()
    assert not (paths.PREFECT_HOME / "begun").exists()


def test_runs_of_the_dead_become_crashed_those_of_the_living_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PREFECT_API_URL", "PREFECT_HOME"):
        monkeypatch.setenv(name, "")
    server = PrefectServer()
    try:
        use_server(server.url)
        server.wait()
        assert run(FLOW).wait(60) == -signal.SIGKILL
        living = run(LIVING)
        assert living.stdout is not None
        assert living.stdin is not None
        assert living.stdout.readline() == "1\n"
        assert len(crash_dead_runs()) == 1
        assert crash_dead_runs() == ()
        assert states(server) == ["CRASHED", "RUNNING"]
        living.stdin.close()
        assert living.wait(60) == 0
        assert states(server) == ["COMPLETED", "CRASHED"]
        assert list(Path(".remint/flows").iterdir()) == []
    finally:
        server.stop()


def test_a_run_whose_server_is_killed_ends_at_once_and_is_crashed_by_the_next() -> None:
    cut_off = run(KILLING, stderr=subprocess.PIPE)
    errors = cut_off.communicate(timeout=120)[1]
    assert cut_off.returncode == 1
    assert "Traceback" not in errors
    assert errors.splitlines()[-1].startswith("remint: Prefect's server died; see .remint/logs/prefect-server.log;")
    assert run(NEXT).communicate(timeout=120)[0] == "1\n"


def states(server: PrefectServer) -> list[str]:
    from prefect.client.orchestration import get_client

    with get_client(sync_client=True) as client:
        runs, tasks = client.read_flow_runs(), client.read_task_runs()
    assert sorted(str(task.state_type.value) for task in tasks if task.state_type) == sorted(
        str(found.state_type.value) for found in runs if found.state_type
    )
    return sorted(str(found.state_type.value) for found in runs if found.state_type)
