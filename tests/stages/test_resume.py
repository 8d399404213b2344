"""Stage `train`, killed with SIGKILL and run again."""

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from remint import paths
from remint.checkpoints import drop_checkpoints
from remint.config.load import load_section, read_yaml
from remint.errors import ConfigError, RemintError
from remint.stages.run import stage_module
from remint.tracking.run_facts import run_facts
from remint.tracking.runs import mark_dead_runs
from remint.tracking.store import client
from remint.training.checkpoint import read_checkpoint
from tests.flows.modalities import write_yaml
from tests.store import all_runs, artifacts, migrated_database, store  # noqa: F401
from tests.trained import make_project

ROOT = Path(__file__).parents[2]
RUN = """
import os, signal
from remint.config.load import load_section
from remint.stages import train
def kill(*_):
    os.kill(os.getpid(), signal.SIGKILL)
def after(owner, name, number):
    function, calls = getattr(owner, name), []
    def counted(*arguments):
        function(*arguments)
        calls.append(1)
        if len(calls) == number:
            kill()
    setattr(owner, name, counted)
{kill}
train.run("people-mlp", load_section(train.FILE, train.TOP, "people-mlp", train.Section))
"""
MODEL = {"family": "mlp", "hidden": [8], "dropout": 0.3}
LOGGED = 'from remint.tracking.training import TrainingRun; after(TrainingRun, "log_row", 2)'
GAP = 0.5
"Seconds between the kill and the next command."
EARLIER = {"REMINT_CHECKPOINT_STEPS": "4"}
KILLS = {
    "at a checkpoint": 'from remint.training.checkpoint import Checkpoints; after(Checkpoints, "save", 2)',
    "before a checkpoint is in place": 'import torch; after(torch, "save", 2)',
    "at the weights": 'after(train, "save_network", 1)',
    "at the fingerprint": 'after(train, "write_json", 1)',
    "at the history": 'after(train, "write_text", 1)',
    "at the end of the run": 'from remint.tracking import runs; after(runs, "end_run", 1)',
}


@pytest.fixture
def project(store: Path, monkeypatch: pytest.MonkeyPatch) -> Path:  # noqa: F811
    for name in ("REMINT_CHECKPOINT_SECONDS", "REMINT_CHECKPOINT_STEPS"):
        monkeypatch.delenv(name, raising=False)
    make_project()
    content = read_yaml(paths.PARAMS_FILE)
    content["experiments"]["people-mlp"] |= {"model": MODEL, "trainer": {"epochs": 3, "batch_size": 32, "threads": 1}}
    write_yaml(paths.PARAMS_FILE, content)
    return store


def _train(**changed: object) -> None:
    module = stage_module("train")
    section = load_section(module.FILE, module.TOP, "people-mlp", module.Section)
    module.run("people-mlp", section.model_copy(update=changed))


def _outputs() -> dict[str, bytes]:
    folders = paths.model("people-mlp"), paths.report("train", "people-mlp")
    return {str(p): p.read_bytes() for folder in folders for p in sorted(folder.rglob("*")) if p.is_file()}


def _killed(kill: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", RUN.format(kill=kill)],
        env={**os.environ, **EARLIER, "PYTHONPATH": f"{ROOT / 'src'}:{ROOT}"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == -signal.SIGKILL, done.stderr


def _points(run_id: str) -> dict[str, list[tuple[int, float]]]:
    names = client().get_run(run_id).data.metrics
    return {name: [(e.step, e.value) for e in client().get_metric_history(run_id, name)] for name in names}


def _assert_goes_on(kill: str) -> str:
    """Train; train again, killed on the way; go on; compare files, runs, and the time, which leaves out the gap."""
    _train()
    expected = _outputs()
    [first] = all_runs("people")
    for file in expected:
        Path(file).unlink()
    _killed(kill)
    [file] = paths.CHECKPOINTS.glob("people-mlp/*.pt")
    worked = read_checkpoint(file, file.stem).seconds
    time.sleep(GAP)
    mark_dead_runs()
    _train()
    assert _outputs() == expected
    [second, _] = all_runs("people")
    assert second.info.status == "FINISHED"
    assert "remint.failure" not in second.data.tags
    assert second.data.tags["remint.resumed"] == "1"
    assert _points(second.info.run_id) == _points(first.info.run_id)
    assert list((paths.STATE / "runs").iterdir()) == []
    assert (
        0 < worked < run_facts(second.info.run_id).seconds <= (second.info.end_time - first.info.end_time) / 1000 - GAP
    )
    return str(second.info.run_id)


def test_a_killed_training_goes_on_in_its_run(project: Path, capfd: pytest.CaptureFixture[str]):
    """Killed after the second of three epochs, which goes on from the last checkpoint, and is recorded already."""
    assert artifacts(_assert_goes_on(LOGGED)) == {"fingerprint.json"}
    [told] = [line for line in capfd.readouterr().err.splitlines() if "goes on from" in line]
    assert re.fullmatch(r"remint: train@people-mlp goes on from its checkpoint: epoch 2, batch \d+", told)


@pytest.mark.slow
@pytest.mark.parametrize("kill", KILLS.values(), ids=KILLS)
def test_a_training_killed_anywhere_goes_on_in_its_run(project: Path, kill: str):
    _assert_goes_on(kill)


@pytest.mark.slow
def test_a_training_whose_run_is_gone_goes_on_in_a_new_one_with_the_whole_history(project: Path):
    _killed(LOGGED)
    [first] = all_runs("people")
    client().delete_run(first.info.run_id)
    _train()
    [second] = all_runs("people")
    assert second.info.run_id != first.info.run_id
    assert [step for step, _ in _points(second.info.run_id)["val_loss"]] == [1, 2, 3]
    assert "remint.resumed" not in second.data.tags


def test_a_training_that_diverges_leaves_no_checkpoint(project: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("REMINT_CHECKPOINT_STEPS", "1")
    settings = load_section(paths.PARAMS_FILE, "experiments", "people-mlp", stage_module("train").Section).trainer
    with pytest.raises(RemintError, match="training diverged"):
        _train(trainer=settings.model_copy(update={"lr": 1e35, "optimizer": "sgd"}))
    assert not (paths.CHECKPOINTS / "people-mlp").exists()


def test_an_interrupted_training_goes_on(project: Path, monkeypatch: pytest.MonkeyPatch):
    _train()
    expected = _outputs()
    monkeypatch.setenv("REMINT_CHECKPOINT_STEPS", "1")
    _interrupted(monkeypatch)
    assert [run.info.status for run in all_runs("people")] == ["KILLED", "FINISHED"]
    _train()
    assert _outputs() == expected
    assert [run.info.status for run in all_runs("people")] == ["FINISHED", "FINISHED"]
    assert len({str(_points(run.info.run_id)) for run in all_runs("people")}) == 1


def _interrupted(monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr("remint.tracking.training.TrainingRun.log_row", _interrupt)
        with pytest.raises(KeyboardInterrupt):
            _train()


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt


def test_a_changed_experiment_begins_anew(project: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("REMINT_CHECKPOINT_STEPS", "1")
    _interrupted(monkeypatch)
    _train(seed=7)
    found = _outputs()
    drop_checkpoints("people-mlp")
    assert not (paths.CHECKPOINTS / "people-mlp").exists()
    _train(seed=7)
    assert _outputs() == found


def test_a_training_that_dvc_has_not_recorded_ends_again_in_its_run(project: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("REMINT_CHECKPOINT_STEPS", "1")
    _train()
    [run], expected = all_runs("people"), _outputs()
    points = _points(run.info.run_id)
    _train()
    [again] = all_runs("people")
    assert (again.info.run_id, again.info.status, again.data.tags["remint.resumed"]) == (
        run.info.run_id,
        "FINISHED",
        "1",
    )
    assert (_outputs(), _points(again.info.run_id)) == (expected, points)


def test_a_wrong_interval_is_refused_before_a_run_is_made(project: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("REMINT_CHECKPOINT_SECONDS", "often")
    with pytest.raises(ConfigError, match=re.escape('REMINT_CHECKPOINT_SECONDS is "often"; allowed: a number')):
        _train()
    assert all_runs("people") == []
