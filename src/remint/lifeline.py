"""No process works on when the one it works for is dead.

    python -m remint.lifeline PID MODULE ARGUMENT...

runs a module tied to the process PID, its parent; with it ends its whole process group, if it leads one.
"""

import os
import runpy
import select
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path

VARIABLE = "REMINT_LIFELINE"
"Environment variable: the process that flow runs started by another program, Prefect's runner, are tied to."
_SHELLS = {"sh", "dash", "bash", "zsh", "ksh", "fish", "ash", "busybox", "csh", "tcsh", "nu", "xonsh"}
_LONGEST_NAME = 15
"Characters that Linux keeps of a process's name."
_POLL_SECONDS = 0.2


def tie_to(pid: int, group: bool = False) -> None:
    """End this process, with its multiprocessing children, as soon as the process `pid` is dead, at once if it is.

    `group`: end the whole process group, too, which this process must lead.
    """
    try:
        handle: int | None = os.pidfd_open(pid) if hasattr(os, "pidfd_open") else None
    except ProcessLookupError:
        end(group)
        return
    except OSError:  # the kernel or a sandbox has no such call
        handle = None
    threading.Thread(target=_watch, args=(pid, handle, group), name="lifeline", daemon=True).start()


def tie_to_parent(expected: int | None = None, group: bool = False) -> None:
    """Tie this process to its parent. `expected`: its process number; another one means that it died before."""
    parent = os.getppid()
    if expected is not None and parent != expected:
        end(group)
    tie_to(parent, group)


def tie_to_runner() -> None:
    """Tie a stage that DVC runs to DVC, which starts it through a shell that may outlive it."""
    parent = os.getppid()
    if _name(parent) in {*_SHELLS, Path(os.environ.get("SHELL") or "sh").name[:_LONGEST_NAME]}:
        parent = _parent(parent) or 0
    if parent == 0 or not _in_session(parent):
        end()
    tie_to(parent)


def tie_to_named() -> None:
    """Tie this process to the one that the environment variable REMINT_LIFELINE names, if it is set."""
    named = os.environ.get(VARIABLE)
    if named and int(named) != os.getpid():
        tie_to(int(named))


def _watch(pid: int, handle: int | None, group: bool) -> None:
    if handle is not None:
        select.select([handle], [], [])
    else:
        while _is_alive(pid):
            time.sleep(_POLL_SECONDS)
    end(group)


def end(group: bool = False) -> None:
    """End at once: what is left half-done is what a kill would leave, which the next command heals."""
    if group and os.getpgrp() == os.getpid():
        os.killpg(0, signal.SIGKILL)
    if "multiprocessing" in sys.modules:
        import multiprocessing

        with suppress(Exception):
            for child in multiprocessing.active_children():
                child.kill()
    os._exit(1)


def _in_session(pid: int) -> bool:
    """Tell whether a process is of our session; who adopted an orphan is not."""
    try:
        return os.getsid(pid) == os.getsid(0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _name(pid: int) -> str:
    return _status(pid)[0]


def _parent(pid: int) -> int | None:
    return _status(pid)[1]


def _status(pid: int) -> tuple[str, int | None]:
    """Give name and parent of a process."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return _status_elsewhere(pid)
    name, _, rest = text.partition("(")[2].rpartition(")")
    return name, int(rest.split()[1])


def _status_elsewhere(pid: int) -> tuple[str, int | None]:
    """Ask a system that has no /proc, or that has no such process."""
    done = subprocess.run(["ps", "-o", "ppid=,comm=", "-p", str(pid)], capture_output=True, text=True, check=False)
    parent, _, command = done.stdout.strip().partition(" ")
    return (Path(command.strip()).name.lstrip("-"), int(parent)) if parent.isdigit() else ("", None)


def _main() -> None:
    _, parent, module, *arguments = sys.argv
    tie_to_parent(int(parent), group=True)
    sys.argv = [module, *arguments]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    _main()
