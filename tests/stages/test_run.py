"""Running a stage: what it may not do fails it, and no two processes run the same one at once."""

import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from remint import locks, paths
from remint.errors import RemintError
from remint.locks import locked
from remint.stages import run
from remint.stages.run import noted_inputs, run_stage, stage_module
from tests.conftest import Project
from tests.store import all_runs, migrated_database  # noqa: F401
from tests.trained import make_project

ROOT = Path(__file__).parents[2]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    root = tmp_path / "project"
    root.mkdir()
    monkeypatch.chdir(root)
    make_project()
    shutil.copy(ROOT / paths.PIPELINE_FILE, root)
    monkeypatch.setattr(run, "_CODE", run._digests((run._package(),)))
    Path("data/extra.csv").write_text("x")
    for name in ("people", "houses"):
        paths.report("validate", name).mkdir(parents=True, exist_ok=True)
    return root


def also(monkeypatch: pytest.MonkeyPatch, stage: str, work: Callable[[], object]) -> None:
    """Let a stage do more than it does."""
    module = stage_module(stage)
    own = module.run

    def more(name: str, section: object) -> None:
        work()
        own(name, section)

    monkeypatch.setattr(module, "run", more)


def test_a_stage_notes_what_it_read(project: Path) -> None:
    run_stage("preprocess", "people")
    assert "data/raw/people/rows.parquet" in noted_inputs("preprocess@people")


def test_an_undeclared_file_fails_the_stage_even_where_the_error_is_swallowed(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def work() -> None:
        with suppress(Exception):
            Path("data/extra.csv").read_text()

    also(monkeypatch, "preprocess", work)
    with pytest.raises(RemintError, match=r"^preprocess@people opened data/extra.csv, which dvc.yaml does not declare"):
        run_stage("preprocess", "people")
    assert noted_inputs("preprocess@people") == {}


def test_a_refusal_that_a_training_swallows_fails_its_run(
    project: Path,
    migrated_database: Path,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def swallowing(*arguments: object) -> object:
        with suppress(RemintError):
            Path("data/extra.csv").read_text()
        return own(*arguments)

    paths.MLRUNS.mkdir(exist_ok=True)
    shutil.copy(migrated_database, paths.MLFLOW_DB)
    module = stage_module("train")
    own = module._train
    monkeypatch.setattr(module, "_train", swallowing)
    with pytest.raises(RemintError, match=r"^train@people-mlp opened data/extra.csv"):
        run_stage("train", "people-mlp")
    [found] = all_runs("people")
    assert found.info.status == "FAILED"
    assert found.data.tags["remint.failure"].startswith("train@people-mlp opened data/extra.csv")
    assert not paths.model("people-mlp").exists()


def test_a_stage_waits_for_another_process_that_runs_it(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(locks, "PATIENCE", 0.01)
    began = threading.Event()
    also(monkeypatch, "preprocess", began.set)
    second = threading.Thread(target=run_stage, args=("preprocess", "people"))
    with locked(paths.STATE / "locks" / "preprocess@people.lock"):
        second.start()
        assert not began.wait(0.3)
    second.join(60)
    assert began.is_set()
    assert capsys.readouterr().err == "waiting for another process that runs preprocess@people\n"


def stages(*addresses: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "remint.stages", *addresses]
    variables = {**os.environ, "PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT}"}
    return subprocess.run(command, capture_output=True, text=True, env=variables, check=False, timeout=120)


def test_stages_run_one_after_another_without_dvc(project: Path) -> None:
    shutil.rmtree(paths.prepared("people"))
    done = stages("preprocess@people", "preprocess@houses", "preprocess@nobody", "baseline@people")
    assert [line.split()[0] for line in done.stdout.splitlines()] == ["preprocess@people", "preprocess@houses"]
    assert done.stdout.splitlines()[0].endswith(" s")
    assert done.returncode == 2
    assert done.stderr.startswith("remint: datasets.yaml: datasets.nobody is missing; allowed: ")
    assert done.stderr.count("\n") == 1
    assert paths.prepared("people").is_dir()
    assert not paths.report("baseline", "people").exists()


def test_a_name_that_is_no_stage_is_told(project: Path) -> None:
    done = stages("trian@people-mlp")
    assert done.returncode == 1
    assert done.stderr.startswith('remint: there is no stage "trian"; allowed: ingest')


@pytest.mark.slow
def test_neither_runner_records_a_refused_stage(finished: Project, copy_of: Callable[[Project], Project]) -> None:
    project = copy_of(finished)
    (project.root / "data" / "extra.csv").write_text("x")
    code = project.root / "src" / "remint" / "stages" / "preprocess.py"
    reading = "    try:\n        Path('data/extra.csv').read_text()\n    except Exception:\n        pass\n"
    begins = "    options = preprocessing_options("
    code.write_text(code.read_text().replace(begins, reading + begins))
    lock = project.lock()
    for command in (("dvc", "repro", "preprocess@adult"), ("remint", "run", "adult-logistic")):
        done = project.call(*command, check=False)
        assert done.returncode
        assert "preprocess@adult opened data/extra.csv, which dvc.yaml does not declare" in done.stdout + done.stderr
        assert project.lock() == lock
