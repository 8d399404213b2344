"""Fixtures for all tests: copies of this project on reduced data, in folders of their own."""

import fcntl
import hashlib
import os
import shutil
import signal
import subprocess
import sys
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pytest
from ruamel.yaml import YAML

from remint.environment import prepare_environment
from tests.downloads import mnist_file, workdir  # noqa: F401

ROOT = Path(__file__).parent.parent
STARTER = ("adult", "mnist-5k")
"Datasets on which the whole is tested; the others are large, and come from more than the package index."
prepare_environment()
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell ignores it for what it starts in the background


@dataclass(frozen=True)
class Project:
    """A copy of the project in a folder of its own, with its own git and DVC repository."""

    root: Path

    @property
    def connections(self) -> Path:
        """Where the guard notes connections that leave the machine."""
        return self.root.parent / "connections.log"

    @property
    def environment(self) -> dict[str, str]:
        """Environment in which commands run the copy's own code."""
        path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
        code = os.pathsep.join([str(self.root / "src"), str(self.root), str(ROOT / "tests" / "guard")])
        variables = {**os.environ, "PATH": path, "PYTHONPATH": code, "REMINT_TEST_CONNECTIONS": str(self.connections)}
        for name in ("MLFLOW_TRACKING_URI", "PREFECT_API_URL", "DVC_STAGE"):
            variables.pop(name, None)
        return variables

    def call(self, *command: str, check: bool = True, **variables: str) -> "subprocess.CompletedProcess[str]":
        """Run a command at the project's root; show what it said when it fails."""
        environment = {**self.environment, **variables}
        done = subprocess.run(command, cwd=self.root, env=environment, capture_output=True, text=True, timeout=600)
        if check and done.returncode:
            pytest.fail(f"{' '.join(command)} gave {done.returncode}\n{done.stdout}\n{done.stderr}")
        return done

    def edit(self, file: str, change: Callable[[dict], object]) -> None:
        """Change a YAML file."""
        yaml = YAML()
        content = yaml.load((self.root / file).read_text())
        change(content)
        with (self.root / file).open("w") as out:
            yaml.dump(content, out)

    def lock(self) -> str:
        """Content of `dvc.lock`."""
        return (self.root / "dvc.lock").read_text()

    def commit(self) -> None:
        """Commit everything to the copy's git."""
        self.call("git", "add", "-A")
        self.call("git", "-c", "user.name=t", "-c", "user.email=t@t", "commit", "-q", "--allow-empty", "-m", "test")


def copy_project(target: Path) -> Project:
    """Copy this project's own files (no outputs, no caches) and make it a git repository."""
    target.mkdir(parents=True)
    for name in ("src", "flows"):
        shutil.copytree(ROOT / name, target / name, ignore=shutil.ignore_patterns("__pycache__", "*.egg-info"))
    for name in ("dvc.yaml", "datasets.yaml", "params.yaml", ".dvcignore", ".gitignore", "pyproject.toml"):
        shutil.copy(ROOT / name, target / name)
    (target / ".dvc").mkdir()
    for name in ("config", ".gitignore"):
        shutil.copy(ROOT / ".dvc" / name, target / ".dvc" / name)
    project = Project(target)
    project.call("git", "init", "-q", "-b", "main")
    return project


def use_file(source: dict, name: str, file: Path) -> None:
    """Make a dataset's source a file beside the project."""
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    source["files"] = {name: {"sha256": digest, "from": [{"kind": "file", "path": str(file)}]}}


@pytest.fixture(scope="session")
def starter_files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Reduced copies of the starter's two raw files, fetched from their real source: 3,000 and 600 rows."""
    from remint.config.load import load_project
    from remint.sources.fetch import fetch

    here = Path.cwd()
    folder = tmp_path_factory.mktemp("starter")
    os.chdir(ROOT)
    try:
        datasets = [load_project().datasets[name] for name in STARTER]
        found = {n: fetch(f, s) for d in datasets for f, s in d.source.files.items() for n in [f]}
        found = {name: path.resolve() for name, path in found.items()}
    finally:
        os.chdir(here)
    with zipfile.ZipFile(found["adult.csv.zip"]) as archive, archive.open("adult.csv") as raw:
        pd.read_csv(raw, nrows=3000).to_csv(folder / "adult.csv", index=False)
    digits = pd.read_csv(found["mnist_5k.csv.gz"], header=None, compression="gzip").iloc[::8]
    digits.head(600).to_csv(folder / "mnist.csv", index=False, header=False)
    return {"adult": folder / "adult.csv", "mnist-5k": folder / "mnist.csv"}


def reduce_starter(project: Project, files: dict[str, Path]) -> None:
    """Keep the starter's datasets and their experiments alone, on the reduced data and with one or two epochs."""

    def datasets(content: dict) -> None:
        for name in [name for name in content["datasets"] if name not in STARTER]:
            del content["datasets"][name]
        for name, dataset in content["datasets"].items():
            use_file(dataset["source"], files[name].name, files[name])
            dataset["expectations"]["rows"] = {"min": 100}
            dataset["expectations"]["class_share"] = {}

    def params(content: dict) -> None:
        experiments = content["experiments"]
        for name in [name for name, experiment in experiments.items() if experiment["dataset"] not in STARTER]:
            del experiments[name]
        groups = content.get("groups", {})
        for name in list(groups):
            groups[name] = [member for member in groups[name] if member in experiments]
            if not groups[name]:
                del groups[name]
        for experiment in experiments.values():
            experiment["trainer"]["epochs"] = 2
            experiment["gates"] = {"better": {"metric": "accuracy", "better_than": "champion"}}

    project.edit("datasets.yaml", datasets)
    project.edit("params.yaml", params)
    project.commit()


@pytest.fixture(scope="session")
def make_project(tmp_path_factory: pytest.TempPathFactory, starter_files: dict[str, Path]) -> Callable[[str], Project]:
    """Give a function that makes a fresh copy of the project on the reduced starter data."""

    def make(name: str) -> Project:
        project = copy_project(tmp_path_factory.mktemp(name) / "project")
        reduce_starter(project, starter_files)
        return project

    return make


@pytest.fixture(scope="session")
def finished(make_project: Callable[[str], Project], tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A project in which `remint run` has run once. For reading; a test that changes it works on `copy_of`.

    It is made once for all test processes, each of which has one of its own.
    """
    base = tmp_path_factory.getbasetemp()
    kept = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "finished-for-all"
    with kept.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if kept.exists():
            return _own_copy(kept, tmp_path_factory.mktemp("finished") / "copy")
        project = make_project("finished")
        done = project.call("remint", "run")
        (project.root / ".remint" / "first-run.txt").write_text(done.stdout + done.stderr)
        shutil.copytree(project.root.parent, kept, symlinks=True)
    return project


def _own_copy(kept: Path, folder: Path) -> Project:
    shutil.copytree(kept, folder, symlinks=True)
    project = Project(folder / "project")
    project.call("remint", "models")  # the store takes note that it has moved
    return project


@pytest.fixture
def copy_of(tmp_path: Path) -> Callable[[Project], Project]:
    """Give a function that copies a finished project, its outputs, cache and MLflow store included."""

    def copy(project: Project) -> Project:
        shutil.copytree(project.root, tmp_path / "project", symlinks=True)
        return Project(tmp_path / "project")

    return copy
