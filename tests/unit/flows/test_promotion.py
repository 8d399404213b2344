from pathlib import Path

from flows.promotion import finish_experiment, last_results, recall, remember
from flows.summary import ExperimentResult, Summary
from remint.config.load import load_project
from remint.registry.by_hand import rollback
from tests import trained
from tests.origins import commit

PEOPLE, HOUSES = "people-mlp", "houses-linear"


def finish(experiment: str, seed: int, **metrics: float) -> ExperimentResult:
    trained.train(experiment, seed)
    trained.evaluate(experiment, metrics)
    return finish_experiment(experiment, trained.config_of(experiment))[0]


def keep(*results: ExperimentResult) -> None:
    remember(Summary((), results), load_project())


def told(experiment: str) -> tuple[int, str] | None:
    found = recall((experiment,), load_project())
    return None if found is None else (found[0].champion_version, found[0].reason)


def test_what_a_run_kept_is_told_until_the_champion_changes(project: Path) -> None:
    finish(PEOPLE, 1, accuracy=0.6, log_loss=0.4)
    keep(finish(PEOPLE, 2, accuracy=0.9, log_loss=0.4))
    assert told(PEOPLE) == (2, "version 2 is the champion already")
    rollback(PEOPLE)
    assert told(PEOPLE) is None
    keep(finish(HOUSES, 1, rmse=1.0))
    assert told(HOUSES) == (1, "version 1 is the champion already")
    assert told(PEOPLE) is None
    assert set(last_results()) == {PEOPLE, HOUSES}


def test_a_change_before_the_end_of_the_run_is_not_hidden(project: Path) -> None:
    finish(PEOPLE, 1, accuracy=0.6, log_loss=0.4)
    people, houses = finish(PEOPLE, 2, accuracy=0.9, log_loss=0.4), finish(HOUSES, 1, rmse=1.0)
    rollback(PEOPLE)
    keep(people, houses)
    assert told(PEOPLE) is None
    assert told(HOUSES) == (1, "version 1 is the champion already")


def test_a_version_of_no_commit_is_not_told_once_there_is_one(project: Path) -> None:
    keep(finish(PEOPLE, 1, accuracy=0.6, log_loss=0.4))
    assert told(PEOPLE) is not None
    commit(project)
    assert told(PEOPLE) is None
