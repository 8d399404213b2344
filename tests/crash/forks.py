"""A process that has everything imported and runs commands in forks of itself, so that one costs no imports.

Its forks work in one place only, the project's: code, store and outputs are known there by the same paths in every
trial, and a trial begins with a fresh copy of a state that was kept.
"""

import importlib
import json
import os
import shlex
import signal
import subprocess
import sys
import time
import traceback
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from tests.crash.points import Aim, Points

ROOT = Path(__file__).parent.parent.parent
_TOOLS = (
    "anyio._backends._asyncio", "captum", "dvc.cli.parser", "dvc.repo", "dvc.rwlock", "great_expectations",
    "matplotlib.backends.backend_agg", "mlflow.pyfunc", "mlflow.store.model_registry.sqlalchemy_store",
    "mlflow.store.tracking.sqlalchemy_store", "mlflow.utils.search_logged_model_utils", "networkx",
    "prefect.flow_engine", "prefect.task_engine", "pyarrow.dataset", "sklearn.dummy", "sklearn.metrics",
)  # fmt: skip


@dataclass(frozen=True)
class Done:
    """A command that ended or was ended."""

    code: int
    "Exit code; the negative number of the signal that killed it."
    output: str
    points: tuple[str, ...]
    "What it reached, the last one where it was killed."
    left: tuple[int, ...]
    "Processes of it that are still alive."


class Forks:
    """The client's side."""

    def __init__(self, project: Path) -> None:
        """Start the process, for commands in `project`, whose code it runs."""
        self._project = project
        self._folder = project.parent
        path = os.pathsep.join([str(project / "src"), str(project), str(ROOT)])
        variables = {**os.environ, "PYTHONPATH": path, "OMP_NUM_THREADS": "1"}
        variables["DVC_SITE_CACHE_DIR"] = str(self._folder / "site")
        variables["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
        variables["REMINT_CHECKPOINT_STEPS"] = "1"  # else no training here is long enough for a checkpoint
        for name in ("MLFLOW_TRACKING_URI", "PREFECT_API_URL", "DVC_STAGE"):
            variables.pop(name, None)
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.crash.forks", str(project)],
            cwd=project, env=variables, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        self.prefect_url = str(json.loads(self._answer())["prefect"])

    def call(self, *command: str, aim: Aim | None = None, seconds: float = 0.0) -> Done:
        """Run `remint …`, `dvc …` or `call MODULE FUNCTION`; kill it at a point, or after some seconds, if wanted."""
        log, output = self._folder / "points.log", self._folder / "output.txt"
        log.unlink(missing_ok=True)
        request = {"command": command, "aim": asdict(aim) if aim else None, "seconds": seconds, "log": str(log),
                   "output": str(output)}  # fmt: skip
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        answer = json.loads(self._answer())
        points = tuple(str(json.loads(line)[1]) for line in log.read_text().splitlines()) if log.exists() else ()
        left = _alive(answer["pid"])
        return Done(answer["code"], output.read_text(errors="replace"), points, left)

    def stop(self) -> None:
        """End the process."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(60)

    def _answer(self) -> str:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line, "the process that forks has died"
        return line


def _alive(session: int, patience: float = 3.0) -> tuple[int, ...]:
    """Give the processes of a session that do not end by themselves."""
    deadline = time.monotonic() + patience
    while (found := tuple(pid for pid in _processes() if _session(pid) == session)) and time.monotonic() < deadline:
        time.sleep(0.02)
    return found


def _processes() -> list[int]:
    return [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]


def _session(pid: int) -> int | None:
    """Give a process's session, None for one that is dead or a zombie."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return None if fields[0] in "ZX" else int(fields[3])


def serve(project: Path) -> None:
    """Run what is asked for on standard input, until its end."""
    from flows.server import PrefectServer

    os.chdir(project.parent)
    server = PrefectServer()
    try:
        os.chdir(project)  # where the code takes itself to be as it is imported
        os.environ |= {"PREFECT_API_URL": server.url, "PREFECT_HOME": str(project.parent / "prefect")}
        _import_all(project)
        os.chdir(project.parent)
        server.wait()
        print(json.dumps({"prefect": server.url}), flush=True)
        for line in sys.stdin:
            print(json.dumps(_fork(project, json.loads(line))), flush=True)
    finally:
        server.stop()


def _import_all(project: Path) -> None:
    """Import remint, and what it and the tools around it import only when they work."""
    from remint.environment import prepare_environment, quick_imports

    prepare_environment()
    own = [
        file.relative_to(folder) for folder in (project / "src", project) for file in sorted(folder.glob("*/**/*.py"))
    ]
    names = [".".join(file.with_suffix("").parts).removesuffix(".__init__") for file in own]
    with quick_imports():
        for name in (*names, *_TOOLS):
            if name.startswith(("remint", "flows", *_TOOLS)) and not name.endswith("__main__"):
                importlib.import_module(name)
    from remint.registry import cost

    cost.SECONDS, cost.FEWEST = 0.0, 1  # the latency is of no interest here


def _fork(project: Path, request: Mapping[str, Any]) -> dict[str, int]:
    sys.stdout.flush()
    pid = os.fork()
    if pid == 0:
        code = 70
        try:
            os.setsid()
            code = _run(project, request)
        except BaseException:
            traceback.print_exc()
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)
    if request["seconds"]:
        time.sleep(request["seconds"])
        os.kill(pid, signal.SIGKILL)
    return {"pid": pid, "code": os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])}


def _run(project: Path, request: Mapping[str, Any]) -> int:
    output = os.open(request["output"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for source, target in ((nothing, 0), (output, 1), (output, 2)):
        os.dup2(source, target)
    os.chdir(project)
    points = None
    if request["aim"]:
        points = Points(project, Aim(**request["aim"]), Path(request["log"]))
    command, *arguments = request["command"]
    if command == "dvc":
        return _dvc(arguments, points)
    if command == "call":
        module, name = arguments
        getattr(importlib.import_module(module), name)()
        return 0
    if points:
        points.watch()
    return _remint(arguments)


def _remint(arguments: list[str]) -> int:
    from remint.cli.main import main

    try:
        return main(arguments)
    except SystemExit as exit_:
        return int(exit_.code or 0)


def _dvc(arguments: list[str], points: Points | None) -> int:
    """Run DVC, whose stages are forks, where they would be processes of a shell."""
    import dvc.stage.run
    from dvc.cli import main
    from dvc.stage.exceptions import StageCmdFailedError

    def run(_executable: str, command: str, env: Mapping[str, str], **_options: Any) -> None:
        pid = os.fork()
        if pid == 0:
            code = 70
            try:
                os.environ.clear()
                os.environ.update(env)
                _close_all_but(points)
                code = _remint(shlex.split(command)[1:])
            finally:
                sys.stdout.flush()
                sys.stderr.flush()
                os._exit(code)
        status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        if status:
            raise StageCmdFailedError(command, status)

    dvc.stage.run._run = run
    if points:
        points.watch()
    return int(main(arguments) or 0)


def _close_all_but(points: Points | None) -> None:
    """Close what a process started by a shell would not have: DVC's locks, above all."""
    kept = points.descriptor if points else 2
    os.closerange(3, kept)
    os.closerange(max(kept, 2) + 1, 256)


if __name__ == "__main__":
    serve(Path(sys.argv[1]))
