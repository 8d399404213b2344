"""What the forks leave out: real processes, with workers and a Prefect server of their own, that are killed."""

import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

from tests.conftest import Project
from tests.crash import tiny
from tests.crash.healthy import faults, outputs
from tests.crash.trials import COMMANDS, RUN, Trials


def processes_in(folder: Path) -> list[str]:
    """Give the command lines of the living processes whose working directory is in a folder."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            if entry.name.isdigit() and (entry / "cwd").readlink().is_relative_to(folder):
                found.append((entry / "cmdline").read_text().replace("\0", " "))
        except OSError:
            continue
    return found


@pytest.mark.slow
@pytest.mark.parametrize("word", ["ingest@", "validate@", "train@"])
@pytest.mark.parametrize("jobs", ["1", "2"])
def test_workers_and_the_server_die_with_a_run(trials: Trials, tmp_path: Path, jobs: str, word: str) -> None:
    expected = trials.scenario("repro").expected
    project = Project(tmp_path / "project")
    tiny.put(trials.state("repro"), project.root)
    variables = {**project.environment, "PYTHONUNBUFFERED": "1"}
    command = [*RUN, "--jobs", jobs]
    process = subprocess.Popen(command, cwd=project.root, env=variables, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    next(line for line in process.stdout if line.startswith(word))
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    deadline = time.monotonic() + 10
    while (left := processes_in(project.root)) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert left == []
    project.call(*command)
    assert faults(project.root, expected) == []
    assert outputs(project.root) == expected


OF_THE_OTHER = (
    "another run is at work", "another DVC command is at work", "is the champion already", "another DVC process",
    "is busy",
)  # fmt: skip
"What a command says that finds another at work; the last two are DVC's own words."
PROMOTE = ("remint", "promote", tiny.NAME)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("state", "commands"),
    [
        ("again", (RUN, RUN)),
        ("again", (RUN, ("dvc", "repro"))),
        ("again", (RUN, (*PROMOTE, "1", "--why", "x"))),
        ("promote", ((*PROMOTE, "1", "--why", "x"), (*PROMOTE, "1", "--why", "y"))),
        ("verify", (COMMANDS["verify"], COMMANDS["verify"])),
        ("verify", (COMMANDS["verify"], RUN)),
    ],
)
def test_two_commands_at_once(
    trials: Trials, tmp_path: Path, state: str, commands: tuple[tuple[str, ...], tuple[str, ...]]
) -> None:
    """Each does its work, or is told in one message to wait for the other."""
    expected = trials.scenario(state).expected
    project = Project(tmp_path / "project")
    tiny.put(trials.state(state), project.root)
    started = [
        subprocess.Popen(c, cwd=project.root, env=project.environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                         text=True)
        for c in commands
    ]  # fmt: skip
    told = [process.communicate(timeout=300)[0] for process in started]
    assert not any("Traceback" in text for text in told), told
    assert any(process.returncode == 0 for process in started), told
    for process, text in zip(started, told, strict=True):
        assert process.returncode == 0 or any(words in text for words in OF_THE_OTHER), text
    if state == "again":
        project.call(*RUN)
    assert faults(project.root, expected) == []
