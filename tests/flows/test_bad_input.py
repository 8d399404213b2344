"""A user's mistakes at the command line: one clear message, exit code not 0, no traceback, nothing lost."""

import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.conftest import Project, copy_project


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Project:
    return copy_project(tmp_path_factory.mktemp("bad") / "project")


@pytest.fixture
def project(template: Project, tmp_path: Path) -> Project:
    shutil.copytree(template.root, tmp_path / "project", symlinks=True)
    return Project(tmp_path / "project")


def refused(project: Project, *command: str, code: int | None = None, **variables: str) -> str:
    """Run a command that must fail; give its one message."""
    done = project.call(*command, check=False, **variables)
    assert done.returncode != 0, done.stdout
    assert code is None or done.returncode == code, done.stderr
    assert "Traceback" not in done.stdout + done.stderr, done.stderr
    assert done.stderr.startswith("remint: "), done.stderr
    return done.stderr + done.stdout


def test_unknown_experiment_suggests_the_nearest(project: Project) -> None:
    said = refused(project, "remint", "run", "adult-mpl", code=2)
    assert '"adult-mpl" is neither an experiment nor a group' in said
    assert 'did you mean "adult-mlp"?' in said


def set_key(*path: str, value: object) -> Callable[[dict], None]:
    def change(content: dict) -> None:
        for part in path[:-1]:
            content = content[part]
        content[path[-1]] = value

    return change


TRAINER = ("experiments", "adult-mlp", "trainer")


@pytest.mark.parametrize(
    ("file", "change", "expected"),
    [
        (
            "params.yaml",
            set_key(*TRAINER, "learning_rate", value=1),
            "params.yaml: experiments.adult-mlp.trainer.learning_rate is not a known key; allowed: epochs,",
        ),
        (
            "params.yaml",
            set_key(*TRAINER, "precison", value="32"),
            'did you mean "precision"?',
        ),
        (
            "params.yaml",
            set_key(*TRAINER, "precision", value="bf16"),
            'params.yaml: experiments.adult-mlp.trainer.precision is "bf16"; allowed: "32" or "bf16-mixed"',
        ),
        (
            "params.yaml",
            set_key(*TRAINER, "lr", value=-1),
            "params.yaml: experiments.adult-mlp.trainer.lr is -1; allowed: greater than 0",
        ),
        (
            "params.yaml",
            set_key("experiments", "adult-mlp", "dataset", value="adlt"),
            'params.yaml: experiments.adult-mlp.dataset is "adlt"; allowed: adult, mnist-5k,',
        ),
        (
            "params.yaml",
            set_key("experiments", "adult-mlp", "model", "family", value="mlpp"),
            'params.yaml: experiments.adult-mlp.model.family is "mlpp"; allowed: bert, cnn,',
        ),
        (
            "params.yaml",
            set_key("experiments", "adult-mlp", "model", "hiden", value=[1]),
            "params.yaml: experiments.adult-mlp.model.hiden is not a known key",
        ),
        (
            "params.yaml",
            set_key(*TRAINER, "early_stopping", value={"pateince": 3}),
            "trainer.early_stopping.pateince is not a known key; allowed: monitor, patience, min_delta; did you mean",
        ),
        (
            "params.yaml",
            set_key("experiments", "austen-gpt", "metric", value="accuracy"),
            'params.yaml: experiments.austen-gpt: metric is "accuracy"; allowed for language_modelling: bits_per_char',
        ),
        (
            "params.yaml",
            set_key("experiments", "diamonds-mlp", "gates", "better", "metric", value="auroc"),
            'experiments.diamonds-mlp: gates.better.metric is "auroc"; allowed for regression: rmse, mae, r2',
        ),
        (
            "params.yaml",
            set_key("groups", "starter", value=["adult-mlp", "nope"]),
            'params.yaml: groups.starter names "nope"',
        ),
        (
            "datasets.yaml",
            set_key("datasets", "adult", "schema", "target", value="income"),
            "datasets.yaml: datasets.adult.schema: target is 'income'; allowed: age,",
        ),
        (
            "datasets.yaml",
            set_key("datasets", "adult", "split", "tset", value=0.1),
            'datasets.adult.split.tset is not a known key; allowed: kind, key, val, test; did you mean "test"?',
        ),
        (
            "datasets.yaml",
            set_key("datasets", "adult", "split", "test", value=1.5),
            "datasets.yaml: datasets.adult.split.test is 1.5; allowed: less than 1",
        ),
    ],
)
def test_a_wrong_key_or_value_is_named(project: Project, file: str, change: Callable, expected: str) -> None:
    project.edit(file, change)
    assert expected in refused(project, "remint", "run", code=2)


@pytest.mark.parametrize("file", ["params.yaml", "datasets.yaml", "dvc.yaml"])
def test_yaml_that_does_not_parse_names_the_line(project: Project, file: str) -> None:
    path = project.root / file
    path.write_text(path.read_text() + "\nbroken: [1, 2\nmore: 3\n")
    line = path.read_text().splitlines().index("broken: [1, 2") + 1
    said = refused(project, "remint", "run", code=2)
    assert said.startswith(f"remint: {file}: line ")
    assert any(f"line {n}," in said for n in (line, line + 1, line + 2)), said


def test_a_missing_file_and_a_wrong_folder_are_told(project: Project, tmp_path: Path) -> None:
    (project.root / "datasets.yaml").unlink()
    assert "datasets.yaml is missing here" in refused(project, "remint", "run")


def test_a_folder_that_is_no_git_repository(project: Project) -> None:
    shutil.rmtree(project.root / ".git")
    assert "not a git repository" in refused(project, "remint", "run")


def test_an_unknown_stage_and_an_unknown_name(project: Project) -> None:
    assert 'did you mean "train"?' in refused(project, "remint", "stage", "trian", "adult-mlp")
    assert 'did you mean "adult"?' in refused(project, "remint", "stage", "ingest", "adlt")


def test_a_flow_inside_a_stage_is_refused(project: Project) -> None:
    assert "cannot run inside a stage" in refused(project, "remint", "run", DVC_STAGE="train@adult-mlp")


@pytest.fixture
def taken_port() -> Iterator[int]:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield listener.getsockname()[1]


@pytest.mark.parametrize("option", ["--mlflow-port", "--prefect-port"])
def test_a_port_in_use_is_told_with_the_option_that_changes_it(project: Project, taken_port: int, option: str) -> None:
    said = refused(project, "remint", "ui", option, str(taken_port))
    assert f"port {taken_port} is in use; choose another with {option}" in said


def test_mlruns_that_cannot_be_written(project: Project) -> None:
    (project.root / "mlruns").write_text("in the way")
    said = refused(project, "remint", "run", "adult-logistic")
    assert "mlruns" in said


def test_an_mlflow_server_that_does_not_answer(project: Project) -> None:
    begin = time.monotonic()
    said = refused(project, "remint", "run", "adult-logistic", MLFLOW_TRACKING_URI="http://127.0.0.1:9")
    assert "http://127.0.0.1:9" in said
    assert time.monotonic() - begin < 90


def test_a_second_run_while_one_is_at_work(project: Project) -> None:
    (project.root / ".remint").mkdir(exist_ok=True)
    holder = subprocess.Popen(
        ["flock", "--no-fork", str(project.root / ".remint" / "run.lock"), "sleep", "60"], start_new_session=True
    )
    try:
        time.sleep(0.5)
        assert "another run is at work in this project" in refused(project, "remint", "run", "adult-logistic")
    finally:
        os.killpg(holder.pid, signal.SIGKILL)
        holder.wait()


@pytest.mark.parametrize(
    "kind",
    ["train", pytest.param("validate", marks=pytest.mark.slow), pytest.param("evaluate", marks=pytest.mark.slow)],
)
def test_ctrl_c_at_a_stage_loses_nothing(finished: Project, copy_of: Callable[[Project], Project], kind: str) -> None:
    project = copy_of(finished)
    lock = project.lock()
    process = subprocess.Popen(
        ["remint", "run", "adult-logistic", "--force"],
        cwd=project.root,
        env={**project.environment, "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert process.stdout is not None
    before = {"validate": "ingest@", "train": "baseline@", "evaluate": "train@"}[kind]
    for line in process.stdout:
        if line.startswith(before):
            break
    time.sleep(0.3)
    os.killpg(process.pid, signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 130, said
    assert said.strip().splitlines()[-1].startswith("remint: interrupted")
    assert "Traceback" not in said
    again = project.call("remint", "run", "adult-logistic")
    assert "failed" not in again.stdout
    assert project.lock() == lock
    assert not list((project.root / "data").rglob("*.tmp"))
