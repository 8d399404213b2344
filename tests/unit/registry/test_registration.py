"""A registration that is killed at any call of the store leaves no version without its files, and is made good."""

import signal
from pathlib import Path

import pytest

from remint import paths
from remint.files import read_json
from remint.registry.by_hand import promote, rollback
from remint.registry.history import history
from remint.registry.promotion import champion, register_and_promote, versions
from remint.registry.record import record_evaluation
from remint.tracking.store import client
from remint.tracking.version_files import local_folder
from tests import trained
from tests.unit.registry.killed import start

NAME = "people-mlp"
FILES = (
    "MLmodel",
    "files.json",
    "data/files/weights.safetensors",
    "data/files/checksums.json",
    "remint/evaluation/metrics.json",
    "remint/evaluation/predictions.parquet",
    "remint/evaluation/findings/slices.json",
    "remint/plots/loss.png",
    "remint/cost.json",
    "remint/test.json",
    "remint/decision.json",
    "remint/card.md",
    "remint/card.html",
)
LONGEST = 30
"Calls of a registration at most."


def decide() -> None:
    register_and_promote(NAME, trained.config_of(NAME))


def make_trained(accuracy: float = 0.7, seed: int = 1) -> None:
    trained.train(NAME, seed)
    trained.evaluate(NAME, {"accuracy": accuracy, "log_loss": 0.4})
    record_evaluation(NAME)


def assert_whole() -> None:
    """See that every version has its files."""
    for version in versions(NAME):
        folder = local_folder(version)
        assert [file for file in FILES if not (folder / file).is_file()] == []
        assert read_json(folder / "remint/decision.json")["version"] == version.number


def logged_models() -> list:
    experiment = client().get_experiment_by_name("people")
    return list(client().search_logged_models([experiment.experiment_id]))


@pytest.mark.slow
@pytest.mark.parametrize("after", [False, True])
def test_kill_9_at_each_step_leaves_whole_versions_alone_and_the_next_command_goes_on(
    project: Path, after: bool
) -> None:
    make_trained()
    killed = 0
    for step in range(1, LONGEST):
        child = start(project, decide, kill_at=(step, after))
        child.join(180)
        assert_whole()
        if child.exitcode == 0:
            break
        assert child.exitcode == -signal.SIGKILL
        killed += 1
    decide()
    assert_whole()
    assert killed >= 5
    assert [version.number for version in versions(NAME)] == [1]
    assert champion(NAME).number == 1
    assert [(entry.target, entry.pending) for entry in history(NAME)] == [(1, False)]
    [model] = logged_models()
    assert (model.status, model.tags["mlflow.modelVersions"]) == ("READY", '[{"name": "people-mlp", "version": 1}]')
    assert len(list(paths.MLFLOW_ARTIFACTS.glob("people/models/*"))) == 1


def test_two_processes_register_a_training_once(project: Path) -> None:
    make_trained()
    children = [start(project, decide) for _ in range(2)]
    for child in children:
        child.join(180)
    assert [child.exitcode for child in children] == [0, 0]
    assert [version.number for version in versions(NAME)] == [1]
    assert len(history(NAME)) == 1
    assert_whole()


def test_an_evaluation_that_changed_is_renewed_and_costs_are_not_measured_again(project: Path) -> None:
    make_trained(0.7)
    decide()
    folder = local_folder(versions(NAME)[0]) / "remint"
    cost = (folder / "cost.json").read_bytes()
    card = (folder / "card.md").read_text()
    trained.evaluate(NAME, {"accuracy": 0.8, "log_loss": 0.3})
    decide()
    assert read_json(folder / "evaluation/metrics.json")["accuracy"] == 0.8
    assert (folder / "cost.json").read_bytes() == cost
    assert (folder / "card.md").read_text() != card
    [version] = versions(NAME)
    assert version.tags["test_accuracy"] == "0.8"
    before = (folder / "decision.json").read_bytes()
    decide()
    assert (folder / "decision.json").read_bytes() == before


def test_what_a_person_took_off_no_run_puts_back(project: Path) -> None:
    make_trained(0.6, seed=1)
    decide()
    make_trained(0.9, seed=2)
    decide()
    assert champion(NAME).number == 2
    rollback(NAME, "bad for pensioners")
    decision = register_and_promote(NAME, trained.config_of(NAME))
    assert (decision.promoted, decision.champion_version, champion(NAME).number) == (False, 1, 1)
    assert "version 2 was taken off by hand (rollback by " in decision.reason
    assert "bad for pensioners); `remint promote people-mlp 2` brings it back" in decision.reason
    assert promote(NAME, 2).why == "passed better, useful"
    assert champion(NAME).number == 2
