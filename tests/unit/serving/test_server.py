import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from remint import paths
from remint.registry.promotion import register_and_promote
from remint.tracking import models
from remint.tracking.store import client
from tests import trained

ROW = {"age": 30, "children": None, "height": 170.0, "job": "cook", "member": True}
CODE = "import sys; from remint.cli.main import main; sys.exit(main(sys.argv[1:]))"


def register(seed: int) -> int:
    """Register a version of people-mlp; give its number."""
    trained.train("people-mlp", seed)
    trained.evaluate("people-mlp", {"accuracy": 0.7 + seed / 100})
    register_and_promote("people-mlp", trained.config_of("people-mlp"))
    return models.versions("people-mlp")[0].number


def make_champion(number: int) -> None:
    client().set_registered_model_alias("people-mlp", "champion", str(number))


class Running:
    """`remint serve` as a user starts it."""

    def __init__(self, folder: Path) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        command = [sys.executable, "-c", CODE, "serve", "people-mlp", "--port", str(self.port)]
        self.process = subprocess.Popen(
            [*command, "--workers", "2", "--timeout", "10"],
            cwd=folder,
            env=os.environ,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def ask(self, path: str, body: Any = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}{path}", data, {"content-type": "application/json"}
        )
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.loads(answer.read().strip() or "null")

    def wait(self) -> None:
        for _ in range(300):
            assert self.process.poll() is None, self.process.stdout.read()
            try:
                self.ask("/ping")
                return
            except OSError:
                time.sleep(0.1)
        pytest.fail("no answer")


@pytest.fixture
def running(own_project: Path) -> Iterator[Running]:
    make_champion(register(0))
    server = Running(own_project)
    try:
        yield server
    finally:
        server.process.terminate()
        server.process.wait(60)


def test_a_new_champion_is_swapped_in_and_a_stop_drops_nothing(running: Running) -> None:
    running.wait()
    told = running.ask("/version")
    assert (told["model"], told["version"], told["alias"]) == ("people-mlp", 1, "champion")
    answers: list[Any] = []
    stop = threading.Event()

    def keep_asking() -> None:
        while not stop.is_set():
            try:
                [answer] = running.ask("/invocations", {"dataframe_records": [ROW]})["predictions"]
                answers.append(answer["p_yes"])
            except Exception as error:
                answers.append(error)

    asking = [threading.Thread(target=keep_asking) for _ in range(3)]
    for thread in asking:
        thread.start()
    make_champion(register(1))
    for _ in range(150):
        told = [line for line in (paths.LOGS / "serve-people-mlp.log").read_text().splitlines() if '"swapped"' in line]
        if len({a for a in answers if isinstance(a, float)}) > 1 and len(told) == 2:  # a worker each
            break
        time.sleep(0.2)
    stop.set()
    for thread in asking:
        thread.join()
    assert not [answer for answer in answers if isinstance(answer, Exception)]
    assert _versions(running) == {2}
    assert len(set(answers)) == 2
    _check_stop(running)


def _versions(running: Running) -> set[int]:
    return {running.ask("/version")["version"] for _ in range(8)}


def _check_stop(running: Running) -> None:
    """A request that is under way when the server is told to stop is answered."""
    body = json.dumps({"dataframe_records": [ROW]}).encode()
    lines = ("POST /invocations HTTP/1.1", "host: x", "content-type: application/json", f"content-length: {len(body)}")
    head = "".join(f"{line}\r\n" for line in (*lines, ""))
    with socket.create_connection(("127.0.0.1", running.port)) as connection:
        connection.sendall(head.encode() + body[:10])
        time.sleep(0.3)
        running.process.send_signal(signal.SIGTERM)
        time.sleep(0.3)
        connection.sendall(body[10:])
        assert connection.recv(100).startswith(b"HTTP/1.1 200")
    assert running.process.wait(30) == 0
    said = running.process.stdout.read()
    assert "Traceback" not in said, said


def test_a_version_that_does_not_load_keeps_the_old_one(running: Running) -> None:
    running.wait()
    idle = socket.create_connection(("127.0.0.1", running.port), timeout=20)
    idle.sendall(b"POST /invocations HTTP/1.1\r\n")
    number = register(1)
    folder = models.local_folder(next(v for v in models.versions("people-mlp") if v.number == number))
    weights = folder / "data" / "files" / "weights.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1] + b"!")
    make_champion(number)
    log = paths.LOGS / "serve-people-mlp.log"
    for _ in range(100):
        if "not swapped" in log.read_text():
            break
        time.sleep(0.1)
    [line, *_] = [json.loads(line) for line in log.read_text().splitlines() if "not swapped" in line]
    assert (line["version"], line["serving"]) == (2, 1)
    assert "weights.safetensors was changed" in line["reason"]
    assert running.ask("/version")["version"] == 1
    with pytest.raises(urllib.error.HTTPError, match="400"):
        running.ask("/invocations", {"dataframe_records": [ROW | {"age": "old"}]})
    with idle:
        assert idle.recv(100) == b""


def test_mistakes_are_told_before_anything_is_served(own_project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for arguments, message in (
        (["serve", "people-mlq"], "is no registered model"),
        (["predict", "people-mlp", "in.csv", "-o", "out.csv"], "is no registered model"),
    ):
        command = [sys.executable, "-c", CODE, *arguments]
        done = subprocess.run(command, cwd=own_project, capture_output=True, text=True)
        assert done.returncode == 1
        assert message in done.stderr
        assert "Traceback" not in done.stderr
