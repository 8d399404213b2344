"""Running a package client, such as pip, while its temporary files show how far it is."""

import os
import shutil
import subprocess
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import BinaryIO

from remint.sources.base import UnavailableError

POLL_SECONDS = 0.2


def run(
    command: Sequence[str],
    folder: Path,
    *,
    environment: dict[str, str] | None = None,
    watch: Callable[[str], None] | None = None,
    cwd: Path | None = None,
    stdout: Path | None = None,
) -> tuple[int, str]:
    """Run a command until it ends, and end it where we are ended; give its exit code and what it said.

    What it says goes to `log` in the folder, its standard output to the file `stdout` where that is named; `watch` gets
    the log again and again while the command runs. Raises UnavailableError where there is no such command.
    """
    log = folder / "log"
    with ExitStack() as stack:
        said = stack.enter_context(log.open("wb"))
        content = stack.enter_context(stdout.open("wb")) if stdout else said
        process = _started(command, cwd, {**os.environ, **(environment or {})}, content, said)
        try:
            while True:
                try:
                    return process.wait(POLL_SECONDS), log.read_text(errors="replace")
                except subprocess.TimeoutExpired:
                    if watch:
                        watch(log.read_text(errors="replace"))
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()


def bytes_below(folder: Path) -> int:
    """Give the size of all files in a folder that a running command fills."""
    return sum(_size(Path(place) / name) for place, _, names in os.walk(folder) for name in names)


def first_error(output: str, marker: str) -> str:
    """Give the first line that begins with `marker`, else the last line of all."""
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    marked = [line.removeprefix(marker).strip() for line in lines if line.startswith(marker)]
    return next(iter(marked or lines[-1:]), "it said nothing")


def _started(
    command: Sequence[str], cwd: Path | None, environment: dict[str, str], stdout: BinaryIO, stderr: BinaryIO
) -> "subprocess.Popen[bytes]":
    program = shutil.which(command[0], path=environment.get("PATH"))
    if program is None:
        raise UnavailableError(f"{command[0]} is not installed on this machine")
    return subprocess.Popen(
        [program, *command[1:]], stdin=subprocess.DEVNULL, stdout=stdout, stderr=stderr, env=environment, cwd=cwd
    )


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:  # the command has moved on
        return 0
