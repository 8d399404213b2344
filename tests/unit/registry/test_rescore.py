"""Champions that were evaluated on other test rows."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ruamel.yaml import YAML

from remint import paths
from remint.data.prepared import Prepared
from remint.data.raw import RawData, read_raw, write_raw
from remint.data.rows import rows_of
from remint.errors import DataError
from remint.evaluation.predict import predict
from remint.models.store import load_network
from remint.registry.package import predictor_package
from remint.registry.predictions import Predictions, same_classes
from remint.registry.promotion import register_and_promote
from remint.registry.rescore import TestSplit
from remint.stages import preprocess
from remint.tracking.packaging import write_files
from tests import trained


def packaged(experiment: str, dataset: str, place: Path) -> Path:
    trained.train(experiment)
    write_files(place, predictor_package(experiment, dataset, {}))
    return place


@pytest.mark.parametrize(
    ("experiment", "dataset", "kind"),
    [
        ("people-mlp", "people", "probabilities"),
        ("houses-linear", "houses", "value"),
        ("digits-cnn", "digits", "probabilities"),
    ],
)
def test_a_version_scored_from_raw_rows_predicts_as_its_evaluation_did(
    project: Path, experiment: str, dataset: str, kind: str
) -> None:
    model = packaged(experiment, dataset, project / "model")
    network, spec, task = load_network(paths.model(experiment))
    arrays = Prepared(paths.prepared(dataset)).split("test")
    expected = predict(network, rows_of(arrays, spec), task)[kind]
    found = TestSplit(dataset).score(model)
    assert np.array_equal(found.predicted[kind], expected)
    assert np.array_equal(found.target, arrays["target"])


def test_the_digest_tells_other_rows_apart(project: Path) -> None:
    before = TestSplit("people").digest
    assert TestSplit("people").digest == before
    change_people(lambda rows: rows.assign(note=rows["note"] + "!"))
    assert TestSplit("people").digest != before


def test_classes_are_brought_together_by_name() -> None:
    rows = np.arange(3)
    own = Predictions("classification", rows, np.array([0, 1, 2]), {"probabilities": np.eye(3)}, ("a", "b", "c"))
    champion = np.array([[0.1, 0.9], [0.5, 0.5], [0.25, 0.75]])
    theirs = Predictions("classification", rows, np.array([1, 0, 0]), {"probabilities": champion}, ("d", "a"))
    own, theirs = same_classes(own, theirs)
    assert own.classes == theirs.classes == ("a", "b", "c", "d")
    assert theirs.predicted["probabilities"].tolist() == [[0.9, 0, 0, 0.1], [0.5, 0, 0, 0.5], [0.75, 0, 0, 0.25]]
    assert own.predicted["probabilities"][:, 3].tolist() == [0, 0, 0]
    assert theirs.target.tolist() == [0, 3, 3]


def test_a_champion_that_predicts_something_else_is_not_scored(project: Path) -> None:
    model = packaged("houses-linear", "houses", project / "model")
    with pytest.raises(DataError, match="it predicts a number, and people now asks for a category"):
        TestSplit("people").score(model)


def test_a_champion_made_on_other_data_is_scored_again(project: Path) -> None:
    name = "people-mlp"
    trained.train(name, 1)
    trained.evaluate(name, {"accuracy": 1.0, "log_loss": 0.1})
    assert register_and_promote(name, trained.config_of(name)).promoted
    change_people(lambda rows: rows.assign(note=rows["note"] + "!"))
    own = TestSplit("people").score(packaged(name, "people", project / "model"))
    trained.train(name, 2)
    trained.evaluate(name, {"accuracy": 0.99, "log_loss": 0.1}, right=np.ones(len(own.rows), bool))
    decision = register_and_promote(name, trained.config_of(name))
    # by its stored figure of 1.0 the champion could not be beaten; on today's rows its weights, never trained, guess
    assert decision.champion_value < 0.8
    assert decision.promoted
    [sentence] = [verdict.sentence for verdict in decision.verdicts if verdict.gate == "better"]
    assert f"is better than the champion's {decision.champion_value:.4f}: difference +" in sentence


def test_slices_of_a_champion_scored_again_are_those_of_today(project: Path) -> None:
    name = "people-mlp"
    trained.train(name, 1)
    trained.evaluate(name, {"accuracy": 1.0, "log_loss": 0.1})
    register_and_promote(name, trained.config_of(name))
    change_people(lambda rows: rows.assign(note=rows["note"] + "!"))
    params: dict[str, Any] = YAML(typ="safe").load(paths.PARAMS_FILE.read_text())
    params["experiments"][name]["gates"] = {"slices": {"metric": "accuracy", "max_regression": 0.0}}
    with paths.PARAMS_FILE.open("w") as out:
        YAML(typ="safe").dump(params, out)
    trained.train(name, 2)
    trained.evaluate(name, {"accuracy": 1.0, "log_loss": 0.1})
    decision = register_and_promote(name, trained.config_of(name))
    assert decision.promoted
    assert "on slice job = " in decision.verdicts[0].sentence


def change_people(change: Any) -> None:
    """Let the dataset be another, with other test rows."""
    raw = read_raw(paths.raw("people"))
    write_raw(paths.raw("people"), RawData(change(raw.rows)))
    from remint.config.load import load_project

    dataset = load_project().datasets["people"]
    keys = dataset.model_dump(by_alias=True, include={"modality", "schema_", "split", "cleaning", "preprocessing"})
    preprocess.run("people", preprocess.Section.model_validate(keys))
