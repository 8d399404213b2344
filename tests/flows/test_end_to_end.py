"""The starter path on reduced data, with the real Prefect, DVC, MLflow and Great Expectations."""

import json
import platform
import re
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from tests.conftest import Project

EXPERIMENTS = ("adult-logistic", "adult-mlp", "mnist-cnn")
STAGES = 4 * 2 + 2 * 3


def ask(project: Project, program: str) -> str:
    """Run a plain MLflow client at the project's root, without remint's own code on its path."""
    environment = {**project.environment, "MLFLOW_TRACKING_URI": "sqlite:///mlruns/mlflow.db"}
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=project.root, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_first_run_prints_a_line_a_stage_and_a_table(finished: Project) -> None:
    said = (finished.root / ".remint" / "first-run.txt").read_text()
    lines = re.findall(r"^(\w+@[\w-]+) +(ran|restored|unchanged|failed) +[\d.]+ s$", said, re.MULTILINE)
    assert len(lines) == STAGES, said
    assert {outcome for _, outcome in lines} == {"ran"}
    for name in EXPERIMENTS:
        assert re.search(rf"^{name} .*accuracy.* 0\.\d{{4}} .*1 .*yes", said, re.MULTILINE), said
    assert "baseline gradient-boosting" in said
    assert "Traceback" not in said
    assert "Error" not in said


def test_then_neither_runner_has_anything_to_do(finished: Project) -> None:
    before = finished.lock()
    done = finished.call("dvc", "repro")
    assert "Data and pipelines are up to date" in done.stdout + done.stderr
    again = finished.call("remint", "run")
    assert again.stdout.count(" unchanged ") == STAGES
    assert "adult-mlp" in again.stdout.splitlines()[-5:][0] or "adult-mlp" in again.stdout
    assert finished.lock() == before


def test_one_finished_run_a_training_and_nothing_stray(finished: Project) -> None:
    said = ask(
        finished,
        """
import json, mlflow
client = mlflow.MlflowClient()
found = {}
for experiment in client.search_experiments():
    for run in client.search_runs([experiment.experiment_id]):
        inputs = len(run.inputs.dataset_inputs)
        line = [run.info.run_name, run.info.status, sorted(run.data.metrics), sorted(run.data.tags), inputs]
        found.setdefault(experiment.name, []).append(line)
print(json.dumps(found))
""",
    )
    found = {name: runs for name, runs in json.loads(said).items() if runs}
    assert set(found) == {"adult", "mnist-5k"}
    names = {dataset: sorted(run[0] for run in runs) for dataset, runs in found.items()}
    assert len(names["adult"]) == 2 + 3, names
    assert len(names["mnist-5k"]) == 1 + 2, names
    for runs in found.values():
        for name, status, metrics, tags, datasets in runs:
            assert status == "FINISHED", name
            assert any("accuracy" in metric for metric in metrics), name
            assert datasets == 1, name
            assert "remint.fingerprint" in tags, name
    assert not list(finished.root.rglob("lightning_logs"))


def test_prefect_has_one_completed_task_a_stage(finished: Project) -> None:
    store = sqlite3.connect(finished.root / ".remint" / "prefect" / "prefect.db")
    first = "select id from flow_run order by start_time limit 1"
    completed = f"select name from task_run where state_type = 'COMPLETED' and flow_run_id = ({first})"
    names = [name for (name,) in store.execute(completed)]
    assert {f"{kind}@{name}" for kind in ("train", "evaluate") for name in EXPERIMENTS} <= set(names)
    assert len([name for name in names if "@" in name]) == STAGES
    assert store.execute("select count(*) from log").fetchone()[0] >= STAGES


def test_a_plain_client_loads_the_champion_and_predicts_on_raw_rows(finished: Project) -> None:
    said = ask(
        finished,
        """
import mlflow, pandas as pd
rows = pd.read_parquet("data/raw/adult/rows.parquet").head(5)
model = mlflow.pyfunc.load_model("models:/adult-mlp@champion")
print(model.predict(rows)["prediction"].tolist())
""",
    )
    assert re.search(r"\['[<>]=?50K'", said), said


def test_outputs_hold_no_path_time_or_host(finished: Project) -> None:
    forbidden = [str(finished.root), str(Path.home()), platform.node(), str(datetime.now(UTC).year)]
    for file in (finished.root / "data").rglob("*"):
        if file.suffix in (".json", ".html", ".csv"):
            content = file.read_text()
            assert not any(len(word) > 3 and word in content for word in forbidden), file


def test_nothing_leaves_the_machine(finished: Project) -> None:
    assert not finished.connections.exists(), finished.connections.read_text()


@pytest.mark.slow
def test_dvc_repro_in_another_folder_writes_the_same_lock(
    finished: Project, make_project: Callable[[str], Project]
) -> None:
    """With a process a stage; of the images: `tests/repro` does the same with the table, `tests/crash` in forks."""
    other = make_project("by-dvc")
    other.call("dvc", "repro", "-q", "evaluate@mnist-cnn", "baseline@mnist-5k")
    ours, theirs = (YAML(typ="safe").load(project.lock())["stages"] for project in (finished, other))
    assert theirs == {address: stage for address, stage in ours.items() if "mnist" in address}
    assert len(theirs) == 4 + 2
    said = other.call("remint", "run", "mnist-cnn").stdout
    assert said.count(" unchanged ") == 4 + 2, said
    assert len(re.findall(r" yes *$", said, re.MULTILINE)) == 1, said


def test_forced_run_in_workers_leaves_the_lock_alone(finished: Project, copy_of: Callable[[Project], Project]) -> None:
    project = copy_of(finished)
    before = project.lock()
    said = project.call("remint", "run", "--force", "--jobs", "2", "adult-logistic", "adult-mlp").stdout
    assert said.count(" ran ") == 4 + 2 * 2, said
    assert project.lock() == before


def test_list_why_and_dry_run(finished: Project, copy_of: Callable[[Project], Project]) -> None:
    project = copy_of(finished)
    assert project.call("remint", "list").stdout.count("up to date") == 2 + 3
    assert "nothing would run" in project.call("remint", "why", "adult-mlp").stdout
    project.edit("params.yaml", lambda c: c["experiments"]["adult-mlp"]["trainer"].update(lr=0.5))
    (project.root / "src/remint/models/cnn.py").open("a").write("\n# changed\n")
    why = project.call("remint", "why", "starter").stdout
    assert re.search(r"params.yaml experiments.adult-mlp.trainer.lr: [\d.]+ -> 0.5", why), why
    assert "src/remint/models/cnn.py: md5" in why
    planned = project.call("remint", "run", "--dry-run").stdout
    assert re.findall(r"^(\S+) +would run$", planned, re.MULTILINE) == [
        "train@adult-mlp",
        "train@mnist-cnn",
        "evaluate@mnist-cnn",
    ]
    assert re.findall(r"^(\S+) +may run$", planned, re.MULTILINE) == ["evaluate@adult-mlp"]


def test_metrics_params_and_plots_work_as_dvcs_users_expect(
    finished: Project, copy_of: Callable[[Project], Project]
) -> None:
    project = copy_of(finished)
    project.commit()
    metrics = json.loads(project.call("dvc", "metrics", "show", "--json").stdout)
    files = metrics[""]["data"]
    assert "accuracy" in json.dumps(files["data/reports/evaluate/adult-mlp/metrics.json"])
    project.edit("params.yaml", lambda c: c["experiments"]["adult-mlp"]["trainer"].update(lr=0.5))
    assert "experiments.adult-mlp.trainer" in project.call("dvc", "params", "diff").stdout
    project.call("dvc", "plots", "show", "--out", "plots-page")
    assert "confusion" in (project.root / "plots-page" / "index.html").read_text()


def test_push_and_pull_bring_outputs_to_a_clone_that_records_them_as_restored(
    finished: Project, copy_of: Callable[[Project], Project], tmp_path: pytest.TempPathFactory
) -> None:
    project = copy_of(finished)
    remote = project.root.parent / "remote"
    project.call("dvc", "remote", "add", "-d", "-q", "store", str(remote))
    project.commit()
    project.call("dvc", "push", "-q")
    clone = Project(project.root.parent / "clone")
    project.call("git", "clone", "-q", str(project.root), str(clone.root))
    clone.call("dvc", "pull", "-q")
    said = clone.call("remint", "run", "adult-logistic").stdout
    assert said.count(" unchanged ") == 4 + 2, said
    restored = ask(
        clone,
        """
import mlflow
client = mlflow.MlflowClient()
ids = [e.experiment_id for e in client.search_experiments()]
runs = client.search_runs(ids, "tags.`remint.restored` = 'true'")
print(sorted({run.info.run_name for run in runs if run.data.tags.get("remint.kind") == "experiment"}))
""",
    )
    assert restored.strip() == "['adult-logistic']"


def test_dvc_exp_run_overrides_a_parameter(finished: Project, copy_of: Callable[[Project], Project]) -> None:
    project = copy_of(finished)
    project.commit()
    project.call("dvc", "exp", "run", "-S", "experiments.adult-mlp.trainer.lr=0.01", "train@adult-mlp")
    assert "lr: 0.01" in project.lock()
    assert project.lock() != finished.lock()
