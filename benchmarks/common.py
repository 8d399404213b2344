"""What the benchmarks share: copies of the project, timed child processes, ratios and Markdown tables.

Imports nothing heavy, as the peak memory of a child begins with that of the process that forks it.
"""

import hashlib
import os
import platform
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

ROOT = Path(__file__).resolve().parent.parent
PLAIN = Path(__file__).resolve().parent / "plain.py"
DOWNLOADS = Path(".remint") / "downloads"
REMINT, DVC = (str(Path(sys.executable).parent / name) for name in ("remint", "dvc"))
_FOREIGN = ("MLFLOW_TRACKING_URI", "PREFECT_API_URL", "PREFECT_HOME", "DVC_STAGE", "REMINT_MIRROR")


@dataclass(frozen=True)
class Copy:
    """A copy of the project in a folder of its own."""

    root: Path

    @property
    def environment(self) -> dict[str, str]:
        """Environment in which commands run the copy's own code and use its own stores."""
        path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
        code = os.pathsep.join([str(self.root / "src"), str(self.root)])
        variables = {**os.environ, "PATH": path, "PYTHONPATH": code}
        return {name: value for name, value in variables.items() if name not in _FOREIGN}

    def run(self, *command: str) -> "Measured":
        """Run a command at the copy's root and measure it."""
        return measure(command, self.root, self.environment)

    def edit(self, file: str, change: Callable[[Any], None]) -> None:
        """Change a YAML file."""
        yaml = YAML()
        yaml.preserve_quotes, yaml.width = True, 10_000  # quoted URLs, and none broken in two
        content = yaml.load(self.root / file)
        change(content)
        yaml.dump(content, self.root / file)


@dataclass(frozen=True)
class Measured:
    """What a child process took."""

    seconds: float
    peak: int
    "Largest resident set of it or one of its own children, in bytes."
    output: str


@dataclass(frozen=True)
class Spread:
    """Several measurements of one thing."""

    values: tuple[float, ...]

    @property
    def median(self) -> float:
        return statistics.median(self.values)

    def text(self, digits: int = 2) -> str:
        """Give `median (min–max)`."""
        return f"{self.median:.{digits}f} ({min(self.values):.{digits}f}–{max(self.values):.{digits}f})"


def measure(command: Sequence[str], folder: Path, environment: dict[str, str]) -> Measured:
    """Run a command to its end; stop the benchmark, showing what it said, where it fails."""
    begin = time.perf_counter()
    with (folder / ".output").open("w+b") as log:
        process = subprocess.Popen(
            command, cwd=folder, env=environment, stdout=log, stderr=log, stdin=subprocess.DEVNULL
        )
        try:
            _, status, usage = os.wait4(process.pid, 0)
        except BaseException:
            process.terminate()
            raise
        seconds = time.perf_counter() - begin
        process.returncode = os.waitstatus_to_exitcode(status)
        log.seek(0)
        output = log.read().decode(errors="replace")
    (folder / ".output").unlink()
    if process.returncode:
        sys.exit(f"{' '.join(command)} in {folder} gave {process.returncode}:\n{output}")
    unit = 1 if sys.platform == "darwin" else 1024
    return Measured(seconds, usage.ru_maxrss * unit, output)


def copy_project(target: Path, epochs: int | None = None) -> Copy:
    """Copy the project's own files and the starter's raw ones, but no output and no store, and commit them to a git.

    The copy declares the starter's experiments and datasets alone, so that `dvc repro` and `remint run` do the same.
    `epochs` replaces that of every experiment.
    """
    target.mkdir(parents=True)
    for name in ("src", "flows"):
        shutil.copytree(ROOT / name, target / name, ignore=shutil.ignore_patterns("__pycache__", "*.egg-info"))
    for name in ("dvc.yaml", "datasets.yaml", "params.yaml", ".dvcignore", ".gitignore", "pyproject.toml"):
        shutil.copy(ROOT / name, target / name)
    (target / ".dvc").mkdir()
    for name in ("config", ".gitignore"):
        shutil.copy(ROOT / ".dvc" / name, target / ".dvc" / name)
    (target / DOWNLOADS).mkdir(parents=True)
    for file in raw_files():
        shutil.copy(file, target / DOWNLOADS / file.name)
    copy = Copy(target)
    copy.edit("params.yaml", keep_starter_experiments)
    copy.edit("datasets.yaml", keep_starter_datasets)
    if epochs is not None:
        copy.edit("params.yaml", lambda content: set_epochs(content, epochs))
    commit(target)
    return copy


def starter() -> tuple[list[str], list[str]]:
    """Give the starter's experiments and the datasets that they name, in declared order."""
    params = YAML(typ="safe").load(ROOT / "params.yaml")
    experiments = params["groups"]["starter"]
    return experiments, list(dict.fromkeys(params["experiments"][name]["dataset"] for name in experiments))


def keep_starter_experiments(params: Any) -> None:
    """Leave the starter's experiments and group alone in what `params.yaml` holds."""
    wanted, _ = starter()
    keep(params["experiments"], wanted)
    keep(params["groups"], ["starter"])
    params["schedules"] = {}


def keep_starter_datasets(content: Any) -> None:
    """Leave the starter's datasets alone in what `datasets.yaml` holds."""
    _, wanted = starter()
    keep(content["datasets"], wanted)


def keep(mapping: Any, wanted: Sequence[str]) -> None:
    """Delete all entries but some."""
    for name in [name for name in mapping if name not in wanted]:
        del mapping[name]


def set_epochs(params: Any, epochs: int) -> None:
    """Give every experiment another number of epochs."""
    for experiment in params["experiments"].values():
        experiment["trainer"]["epochs"] = epochs


def commit(folder: Path) -> None:
    """Commit everything in a folder, which becomes a git repository."""
    identity = ["-c", "user.name=benchmark", "-c", "user.email=benchmark@localhost"]
    commands = (["init", "-q", "-b", "main"], ["add", "-A"], [*identity, "commit", "-q", "-m", "benchmark"])
    for arguments in commands:
        subprocess.run(["git", *arguments], cwd=folder, check=True, capture_output=True)


def raw_files() -> list[Path]:
    """Find the raw files of the starter's datasets, whose content is that of `datasets.yaml`."""
    datasets, (_, wanted) = YAML(typ="safe").load(ROOT / "datasets.yaml")["datasets"], starter()
    found = []
    for name in wanted:
        for file, source in datasets[name]["source"]["files"].items():
            path = ROOT / DOWNLOADS / source["sha256"]
            if not path.exists():
                sys.exit(f"{file} is not there; `remint stage ingest {name}` fetches it")
            if sha256(path) != source["sha256"]:
                sys.exit(f"{path} has another sha256 than its name")
            found.append(path)
    return found


def sha256(path: Path) -> str:
    """Give the digest of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextmanager
def fresh_copy(folder: Path, epochs: int | None = None) -> Iterator[Copy]:
    """Give a copy of the project that is deleted after the block."""
    copy = copy_project(folder, epochs)
    try:
        yield copy
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def print_table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print a Markdown table; all columns but the first stand at the right."""
    print(f"| {' | '.join(header)} |")
    print(f"| --- |{' ---: |' * (len(header) - 1)}")
    for row in rows:
        print(f"| {' | '.join(row)} |")
    print(flush=True)


def print_machine() -> None:
    """Print where this was measured, and how busy the machine was."""
    load = ", ".join(f"{value:.1f}" for value in os.getloadavg())
    threads = os.environ.get("OMP_NUM_THREADS", "not set")
    print(f"Python {platform.python_version()}, {platform.machine()}, {os.cpu_count()} cores", end="; ")
    print(f"OMP_NUM_THREADS {threads}; load before: {load}\n", flush=True)


def tell(text: str) -> None:
    """Say on stderr what is going on."""
    print(text, file=sys.stderr, flush=True)
