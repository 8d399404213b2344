"""No process outlives the one it works for. Real processes, killed."""

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from remint import lifeline

SLEEP = "import time; print(os.getpid(), flush=True); time.sleep(60)"
START = "import os; from remint import lifeline;"


def start(*command: str, **options: object) -> "subprocess.Popen[str]":
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True, **options)


def python(code: str, **options: object) -> "subprocess.Popen[str]":
    return start(sys.executable, "-c", START + code, **options)


def dies(pid: int, seconds: float = 5) -> bool:
    """Tell whether a process ends in time; one that nobody waits for counts as ended when it is a zombie."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except FileNotFoundError:
            return True
        if state == "Z":
            return True
        time.sleep(0.02)
    os.kill(pid, signal.SIGKILL)
    return False


def killed(process: "subprocess.Popen[str]") -> int:
    """Wait for the number that a process prints, then kill the process."""
    assert process.stdout is not None
    number = int(process.stdout.readline())
    process.kill()
    process.wait()
    return number


@pytest.mark.parametrize("has_pidfd", [True, False])
def test_a_child_ends_with_its_parent(has_pidfd: bool) -> None:
    without = "" if has_pidfd else "del os.pidfd_open;"
    child = f"{START}{without}lifeline.tie_to(os.getppid());{SLEEP}"
    parent = python(f"import subprocess, sys; subprocess.run([sys.executable, '-c', {child!r}])")
    assert dies(killed(parent))


def test_who_comes_when_the_parent_is_dead_ends_at_once() -> None:
    gone = subprocess.Popen(["true"])
    gone.wait()
    assert python(f"lifeline.tie_to({gone.pid});{SLEEP}").wait(10) == 1
    assert python(f"lifeline.tie_to_parent({gone.pid});{SLEEP}").wait(10) == 1


@pytest.mark.parametrize("shell", ["/bin/sh", "/bin/bash"])
def test_a_stage_ends_with_the_runner_behind_its_shell(shell: str) -> None:
    stage = f"{START}lifeline.tie_to_runner();{SLEEP}"
    command = f"{sys.executable} -c {stage!r}; true".replace("'", '"')
    runner = python(f"import subprocess; subprocess.run([{shell!r}, '-c', {command!r}])")
    assert dies(killed(runner))


def test_a_users_own_shell_counts_as_one(tmp_path: Path) -> None:
    shell = tmp_path / "a-shell-of-my-own"
    shutil.copy("/bin/sh", shell)
    stage = f"{START}lifeline.tie_to_runner();{SLEEP}"
    command = f"{sys.executable} -c {stage!r}; true".replace("'", '"')
    runner = python(
        f"import subprocess; subprocess.run([{str(shell)!r}, '-c', {command!r}])",
        env={**os.environ, "SHELL": str(shell)},
    )
    assert dies(killed(runner))


def test_a_stage_whose_runner_died_before_it_looked_ends_at_once(tmp_path: Path) -> None:
    late = f"import time; time.sleep(0.5);{START}lifeline.tie_to_runner(); open('worked', 'w')"
    runner = python(
        "import subprocess, sys; "
        f"print(subprocess.Popen([sys.executable, '-c', {late!r}]).pid, flush=True); import time; time.sleep(60)",
        cwd=tmp_path,
    )
    assert dies(killed(runner))
    assert not (tmp_path / "worked").exists()


def test_a_whole_group_ends_with_who_started_it(tmp_path: Path) -> None:
    (tmp_path / "server.py").write_text(
        f"import os, subprocess, sys; subprocess.run([sys.executable, '-c', 'import os;{SLEEP}'])"
    )
    launch = "[sys.executable, '-m', 'remint.lifeline', str(os.getpid()), 'server']"
    path = os.pathsep.join([str(tmp_path), *sys.path])
    parent = python(
        f"import subprocess, sys; subprocess.run({launch}, start_new_session=True)",
        env={**os.environ, "PYTHONPATH": path},
    )
    assert dies(killed(parent))


def test_who_is_named_by_the_environment_is_followed(monkeypatch: pytest.MonkeyPatch) -> None:
    followed = subprocess.Popen(["sleep", "60"])
    follower = python(f"lifeline.tie_to_named();{SLEEP}", env={**os.environ, lifeline.VARIABLE: str(followed.pid)})
    assert follower.stdout is not None
    number = int(follower.stdout.readline())
    followed.kill()
    followed.wait()
    assert follower.wait(5) == 1
    assert dies(number)
    monkeypatch.setenv(lifeline.VARIABLE, str(os.getpid()))
    lifeline.tie_to_named()
