from pathlib import Path

import pytest

from remint import paths
from remint.files import read_json
from remint.registry.baselines import record_baselines
from remint.registry.record import record_evaluation, recorded_evaluation
from remint.tracking.runs import fail_evaluation, training_run
from remint.tracking.store import client
from tests import trained
from tests.store import all_runs, artifacts

FILES = {
    "evaluation/findings/calibration.json",
    "evaluation/findings/intervals.json",
    "evaluation/findings/sanity.json",
    "evaluation/findings/slices.json",
    "evaluation/metrics.json",
    "evaluation/predictions.parquet",
    "evaluation/plots/confusion.csv",
    "evaluation/plots/roc.csv",
    "fingerprint.json",
    "plots/calibration.png",
    "plots/confusion.png",
    "plots/loss.png",
    "plots/roc.png",
    "plots/slices.png",
    "tables/intervals.csv",
    "tables/slices.csv",
    "training/history.csv",
}


def train_with_run(experiment: str, seed: int = 0) -> str:
    trained.train(experiment, seed)
    written = read_json(paths.model(experiment) / "fingerprint.json")
    parameters = written["parts"]["parameters"]
    with training_run(parameters["dataset"], experiment, parameters, written) as run:
        run.log_epoch(1, {"train_loss": 1.0})
    return run.run_id


def test_an_evaluation_joins_the_run_of_its_training(project: Path) -> None:
    run_id = train_with_run("people-mlp")
    with recorded_evaluation("people-mlp"):
        trained.evaluate("people-mlp", {"accuracy": 0.8, "log_loss": 0.4})
    [run] = all_runs("people")
    assert (run.info.run_id, run.info.status) == (run_id, "FINISHED")
    assert run.data.metrics == {"train_loss": 1.0, "test_accuracy": 0.8, "test_log_loss": 0.4}
    assert run.data.tags["remint.evaluated"] == "true"
    assert "remint.restored" not in run.data.tags
    assert artifacts(run_id) == FILES


def test_recording_again_changes_nothing(project: Path) -> None:
    run_id = train_with_run("people-mlp")
    trained.evaluate("people-mlp", {"accuracy": 0.8})
    assert record_evaluation("people-mlp") == run_id
    before = client().get_run(run_id)
    assert record_evaluation("people-mlp") == run_id
    assert client().get_run(run_id).to_dictionary() == before.to_dictionary()
    assert len(client().get_metric_history(run_id, "test_accuracy")) == 1
    trained.evaluate("people-mlp", {"accuracy": 0.9})
    record_evaluation("people-mlp")
    assert client().get_run(run_id).data.metrics["test_accuracy"] == 0.9


def test_an_evaluation_that_raises_fails_the_run_until_it_succeeds(project: Path) -> None:
    train_with_run("people-mlp")
    with pytest.raises(ValueError, match="bad"), recorded_evaluation("people-mlp"):
        raise ValueError("bad rows")
    [run] = all_runs("people")
    assert (run.info.status, run.data.tags["remint.failure"]) == ("FAILED", "ValueError: bad rows")
    with recorded_evaluation("people-mlp"):
        trained.evaluate("people-mlp", {"accuracy": 0.8})
    [run] = all_runs("people")
    assert (run.info.status, run.data.tags.get("remint.failure")) == ("FINISHED", None)


def test_what_a_cache_gave_back_becomes_a_run(project: Path) -> None:
    trained.train("people-mlp")
    trained.evaluate("people-mlp", {"accuracy": 0.8})
    run_id = record_evaluation("people-mlp")
    assert record_evaluation("people-mlp") == run_id
    [run] = all_runs("people")
    assert (run.info.run_name, run.info.status, run.data.tags["remint.restored"]) == ("people-mlp", "FINISHED", "true")
    assert run.data.params["model.hidden"] == "[8]"
    assert [entry.step for entry in client().get_metric_history(run_id, "val_accuracy")] == [1, 2, 3]
    assert run.data.metrics["test_accuracy"] == 0.8
    assert artifacts(run_id) == FILES


def test_regression_and_images_are_recorded_too(project: Path) -> None:
    for experiment, metric in (("houses-linear", "rmse"), ("digits-cnn", "accuracy")):
        trained.train(experiment)
        trained.evaluate(experiment, {metric: 0.5})
        run_id = record_evaluation(experiment)
        assert client().get_run(run_id).data.metrics[f"test_{metric}"] == 0.5
    assert "plots/residuals.png" in {a for run in all_runs("houses") for a in artifacts(run.info.run_id)}


def test_a_run_belongs_to_one_training(project: Path) -> None:
    first = train_with_run("people-mlp", seed=1)
    second = train_with_run("people-mlp", seed=2)
    trained.evaluate("people-mlp", {"accuracy": 0.8})
    assert record_evaluation("people-mlp") == second
    assert "test_accuracy" not in client().get_run(first).data.metrics


def test_baselines_are_runs_once(project: Path) -> None:
    trained.baselines("people", {"constant": {"accuracy": 0.5}, "linear": {"accuracy": 0.7, "log_loss": 0.6}})
    record_baselines("people")
    record_baselines("people")
    runs = {run.info.run_name: run for run in all_runs("people")}
    assert len(all_runs("people")) == 2
    linear = runs["baseline-linear"]
    assert linear.info.status == "FINISHED"
    assert linear.data.metrics == {"test_accuracy": 0.7, "test_log_loss": 0.6}
    assert linear.data.params == {"estimator": "linear", "parameters.C": "2"}
    assert linear.data.tags["remint.kind"] == "baseline"
    assert linear.inputs.dataset_inputs[0].dataset.name == "people"
    trained.baselines("people", {"constant": {"accuracy": 0.5}, "linear": {"accuracy": 0.8}})
    record_baselines("people")
    assert len(all_runs("people")) == 3
    [newest] = [run for run in all_runs("people") if run.data.metrics.get("test_accuracy") == 0.8]
    fail_evaluation(newest.info.run_id, KeyboardInterrupt())  # Ctrl-C when all but the status was told
    record_baselines("people")
    assert {run.info.status for run in all_runs("people")} == {"FINISHED"}
    assert len(all_runs("people")) == 3
