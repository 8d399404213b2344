import json
import math
import os
import signal
import subprocess
import sys
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from remint.errors import RemintError
from remint.tracking.resumption import Earlier
from remint.tracking.run_facts import run_facts
from remint.tracking.runs import (
    evaluation_digest,
    fail_evaluation,
    find_run,
    log_evaluation,
    mark_dead_runs,
    training_run,
)
from remint.tracking.store import client
from remint.tracking.training import TrainingRun
from remint.tracking.values import flat
from tests.store import all_runs, artifacts

PARAMETERS = {
    "dataset": "adult",
    "model": {"family": "mlp", "hidden": [8, 4]},
    "trainer": {"lr": 0.002, "early_stopping": None, "schedule": {"name": "cosine"}},
}


PARTS = {"data": {"data/prepared/adult": "d" * 64}, "environment": {"torch": "2.13.0"}}


def training(
    name: str = "adult-mlp", fingerprint: str = "f1", earlier: Earlier | None = None
) -> AbstractContextManager[TrainingRun]:
    return training_run("adult", name, PARAMETERS, {"fingerprint": fingerprint, "parts": PARTS}, earlier)


def test_a_training_is_one_complete_run(store: Path) -> None:
    with training() as run:
        for epoch in (1, 2, 3):
            run.log_epoch(epoch, {"train_loss": 1 / epoch, "val_loss": math.nan})
    [found] = all_runs("adult")
    assert (found.info.run_id, found.info.run_name, found.info.status) == (run.run_id, "adult-mlp", "FINISHED")
    assert found.data.params == {
        "model.family": "mlp",
        "model.hidden": "[8, 4]",
        "trainer.lr": "0.002",
        "trainer.schedule.name": "cosine",
    }
    history = client().get_metric_history(run.run_id, "train_loss")
    assert [(entry.step, entry.value) for entry in history] == [(1, 1.0), (2, 0.5), (3, 1 / 3)]
    assert math.isnan(found.data.metrics["val_loss"])
    [dataset] = found.inputs.dataset_inputs
    assert (dataset.dataset.name, dataset.dataset.digest) == ("adult", "d" * 36)
    assert artifacts(run.run_id) == {"fingerprint.json"}
    written = Path(client().download_artifacts(run.run_id, "fingerprint.json"))
    assert json.loads(written.read_text()) == {"fingerprint": "f1", "parts": PARTS}
    assert {e.name for e in client().search_experiments()} == {"adult", "Default"}
    assert all_runs("Default") == []


def test_nothing_is_left_in_the_working_directory_but_the_store(store: Path) -> None:
    with training():
        pass
    assert sorted(p.name for p in store.iterdir()) == [".remint", "mlruns"]
    assert list((store / ".remint" / "runs").iterdir()) == []


@pytest.mark.parametrize(
    ("error", "status", "reason"),
    [
        (ValueError("loss is nan"), "FAILED", "ValueError: loss is nan"),
        (RemintError("epoch 3: the loss is not finite"), "FAILED", "epoch 3: the loss is not finite"),
        (KeyboardInterrupt(), "KILLED", "KeyboardInterrupt"),
    ],
)
def test_a_training_that_ends_early_tells_why(store: Path, error: BaseException, status: str, reason: str) -> None:
    with pytest.raises(type(error)), training() as run:
        _raise_after_an_epoch(run, error)
    [found] = all_runs("adult")
    assert (found.info.status, found.data.tags["remint.failure"]) == (status, reason)
    assert found.data.metrics == {"train_loss": 1.0}
    assert find_run("f1", "adult", "adult-mlp") is None
    assert mark_dead_runs() == ()


def _raise_after_an_epoch(run: TrainingRun, error: BaseException) -> None:
    run.log_epoch(1, {"train_loss": 1.0})
    raise error


TRAIN_AND_DIE = """
import os, signal
from remint.tracking.runs import training_run
with training_run("adult", "adult-mlp", {}, {"fingerprint": "f1", "parts": {"data": {}}}) as run:
    run.log_epoch(1, {"train_loss": 1.0})
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_the_run_of_a_dead_process_is_marked(store: Path) -> None:
    died = subprocess.run([sys.executable, "-c", TRAIN_AND_DIE], check=False, capture_output=True, text=True)
    assert died.returncode == -signal.SIGKILL, died.stderr
    assert [run.info.status for run in all_runs("adult")] == ["RUNNING"]
    with training("adult-logistic"):
        assert mark_dead_runs() == ("adult-mlp",)
    assert mark_dead_runs() == ()
    reasons = {run.info.run_name: (run.info.status, run.data.tags.get("remint.failure")) for run in all_runs("adult")}
    assert reasons == {"adult-mlp": ("FAILED", "its process died"), "adult-logistic": ("FINISHED", None)}


@pytest.mark.parametrize("evaluated", [False, True])
def test_a_run_whose_process_died_before_its_status_is_finished(
    store: Path, monkeypatch: pytest.MonkeyPatch, evaluated: bool
) -> None:
    """Killed between the last two commits: its tags tell that its work was complete, and no other run is made of it."""

    set_terminated = type(client()).set_terminated

    def die(*_: object, **__: object) -> None:
        raise SystemExit

    def train() -> None:
        with training() as run:
            monkeypatch.setattr(type(client()), "set_terminated", die)
            if evaluated:
                log_evaluation(run.run_id, {"accuracy": 0.5}, {}, "e1")

    with pytest.raises(SystemExit):
        train()
    monkeypatch.setattr(type(client()), "set_terminated", set_terminated)
    assert [found.info.status for found in all_runs("adult")] == ["RUNNING"]
    assert mark_dead_runs() == ()
    [found] = all_runs("adult")
    assert (found.info.status, found.data.tags.get("remint.failure")) == ("FINISHED", None)
    assert find_run("f1", "adult", "adult-mlp") == found.info.run_id
    assert evaluation_digest(found.info.run_id) == ("e1" if evaluated else None)


def test_an_evaluation_that_was_cut_off_repeats_no_value(store: Path) -> None:
    with training() as run:
        pass
    for digest, accuracy in (("e1", 0.5), ("e2", 0.5), ("e3", 0.75)):
        log_evaluation(run.run_id, {"accuracy": accuracy, "loss": math.nan}, {}, digest)
    values = [entry.value for entry in client().get_metric_history(run.run_id, "test_accuracy")]
    assert values == [0.5, 0.75]
    assert len(client().get_metric_history(run.run_id, "test_loss")) == 1


def test_an_evaluation_that_was_cut_off_takes_the_place_of_none(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its digest is not that of the evaluation before: where the code goes back to that, it is sent again."""
    with training() as run:
        pass
    log_evaluation(run.run_id, {"accuracy": 0.5}, {}, "e1")
    with monkeypatch.context() as broken:
        broken.setattr("remint.tracking.runs.end_run", _raise_os_error)
        with pytest.raises(OSError, match="no answer"):
            log_evaluation(run.run_id, {"accuracy": 0.75}, {}, "e2")
    assert evaluation_digest(run.run_id) is None
    log_evaluation(run.run_id, {"accuracy": 0.5}, {}, "e1")
    assert evaluation_digest(run.run_id) == "e1"
    assert client().get_run(run.run_id).data.metrics == {"test_accuracy": 0.5}


def test_looking_for_dead_runs_does_not_load_mlflow(store: Path) -> None:
    look = (
        "import sys; from remint.tracking.runs import mark_dead_runs; mark_dead_runs(); print('mlflow' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", look], check=True, capture_output=True, text=True).stdout == "False\n"


def test_the_commit_and_what_is_not_committed(store: Path) -> None:
    identity = ["-c", "user.name=t", "-c", "user.email=t@t"]
    Path("code.py").write_text("a = 1\n")
    for command in (["init", "-q"], ["add", "code.py"], [*identity, "commit", "-q", "-m", "first"]):
        subprocess.run(["git", *command], check=True)
    with training() as clean:
        pass
    Path("code.py").write_text("a = 2\n")
    with training() as dirty:
        pass
    commit = subprocess.run(["git", "rev-parse", "HEAD"], check=True, capture_output=True, text=True).stdout.strip()
    tags = [client().get_run(run.run_id).data.tags for run in (clean, dirty)]
    assert [(t["mlflow.source.git.commit"], t["remint.dirty"]) for t in tags] == [(commit, "false"), (commit, "true")]
    assert "+a = 2" in Path(client().download_artifacts(dirty.run_id, "uncommitted.diff")).read_text()
    assert "uncommitted.diff" not in artifacts(clean.run_id)


def test_metrics_that_the_store_did_not_take_come_later(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with training() as run:
        with monkeypatch.context() as broken:
            broken.setattr(client(), "log_batch", _raise_os_error)
            run.log_epoch(1, {"train_loss": 1.0})
        run.log_epoch(2, {"train_loss": 0.5})
    history = client().get_metric_history(run.run_id, "train_loss")
    assert [(entry.step, entry.value) for entry in history] == [(1, 1.0), (2, 0.5)]


def _raise_os_error(*_args: object, **_options: object) -> None:
    raise OSError("no answer")


def test_the_newest_finished_training_is_found(store: Path) -> None:
    with training():
        pass
    with training() as newest:
        pass
    with training("another"), training(fingerprint="f2"):
        pass
    with pytest.raises(ValueError, match="late"), training():
        raise ValueError("late")
    assert find_run("f1", "adult", "adult-mlp") == newest.run_id
    assert find_run("f3", "adult", "adult-mlp") is None
    assert find_run("f1", "unknown", "adult-mlp") is None
    fail_evaluation(newest.run_id, ValueError("bad metric"))
    assert find_run("f1", "adult", "adult-mlp") == newest.run_id


def test_a_deleted_mlflow_experiment_is_restored(store: Path) -> None:
    with training() as run:
        pass
    client().delete_experiment(client().get_run(run.run_id).info.experiment_id)
    with training():
        pass
    assert client().get_experiment_by_name("adult").lifecycle_stage == "active"


def test_parameters_are_flat_text() -> None:
    nested = {"a": {"b": {"c": 1}, "d": None}, "e": True, "f": "text", "g": [1, 2], "h": 0.002}
    assert flat(nested) == {"a.b.c": "1", "e": "true", "f": "text", "g": "[1, 2]", "h": "0.002"}


def test_nothing_is_printed_and_nobody_is_called(
    store: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("a connection was asked for")

    monkeypatch.setattr("socket.socket.connect", refuse)
    with training() as run:
        run.log_epoch(1, {"train_loss": 1.0})
    assert capfd.readouterr() == ("", "")
    assert os.environ["MLFLOW_DISABLE_TELEMETRY"] == "true"


def test_a_training_goes_on_in_its_run_and_repeats_no_point(store: Path) -> None:
    """The store has epochs 1 and 2; the checkpoint is of epoch 1, and its second figure never came to the store."""
    with pytest.raises(KeyboardInterrupt), training() as run:
        _raise_after_two_epochs(run)
    with training(earlier=Earlier(run.run_id, 100.0, [{"epoch": 1, "train_loss": 1.0, "val_loss": 3.0}])) as again:
        at_work = client().get_run(run.run_id)
        assert at_work.info.status == "RUNNING"
        [sign] = Path(".remint", "runs").iterdir()
        assert sign.name.endswith(at_work.data.tags["remint.sign"])
        for epoch in (2, 3):
            again.log_row({"epoch": epoch, "train_loss": 1 / epoch, "val_loss": 3 / epoch})
    [found] = all_runs("adult")
    assert (found.info.run_id, found.info.status) == (again.run_id, "FINISHED")
    points = {
        name: [(entry.step, entry.value) for entry in client().get_metric_history(run.run_id, name)]
        for name in ("train_loss", "val_loss")
    }
    assert points == {name: [(e, top / e) for e in (1, 2, 3)] for name, top in (("train_loss", 1), ("val_loss", 3))}
    assert found.data.tags["remint.resumed"] == "1"
    assert "remint.failure" not in found.data.tags
    assert 100 <= run_facts(run.run_id).seconds < 110


def _raise_after_two_epochs(run: TrainingRun) -> None:
    run.log_epoch(1, {"train_loss": 1.0})
    run.log_epoch(2, {"train_loss": 0.5})
    raise KeyboardInterrupt


@pytest.mark.parametrize("case", ["deleted", "unknown", "of another training", "with its experiment"])
def test_a_training_whose_run_is_gone_gets_a_new_one_with_all_its_points(store: Path, case: str) -> None:
    with training(fingerprint="f2" if case == "of another training" else "f1") as run:
        pass
    if case == "deleted":
        client().delete_run(run.run_id)
    if case == "with its experiment":
        client().delete_experiment(client().get_run(run.run_id).info.experiment_id)
    run_id = "0" * 32 if case == "unknown" else run.run_id
    with training(earlier=Earlier(run_id, 100.0, [{"epoch": 1, "train_loss": 1.0}])) as new:
        new.log_row({"epoch": 2, "train_loss": 0.5})
    assert new.run_id != run_id
    assert [entry.step for entry in client().get_metric_history(new.run_id, "train_loss")] == [1, 2]
    assert "remint.resumed" not in client().get_run(new.run_id).data.tags


def test_seconds_of_a_run_that_an_earlier_remint_made_are_those_between_its_ends(store: Path) -> None:
    with training() as run:
        pass
    client().delete_tag(run.run_id, "remint.seconds")
    info = client().get_run(run.run_id).info
    assert run_facts(run.run_id).seconds == (info.end_time - info.start_time) / 1000
