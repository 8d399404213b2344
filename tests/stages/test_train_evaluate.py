"""Stages `train`, `evaluate` and `baseline` on small projects."""

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from safetensors.torch import load_file, save_file

from remint import paths
from remint.config.load import load_project, load_section, read_yaml
from remint.config.metrics import METRICS
from remint.errors import ConfigError, RemintError
from remint.evaluation import slice_values
from remint.files import read_json
from remint.stages.run import stage_module
from tests.flows.modalities import write_yaml
from tests.prepared import FAMILIES
from tests.store import all_runs, migrated_database, store  # noqa: F401
from tests.trained import EXPERIMENTS, make_project


@pytest.fixture
def project(store: Path) -> Path:  # noqa: F811
    make_project()
    return store


def _run(stage: str, name: str, **changed: object) -> None:
    module = stage_module(stage)
    section = load_section(module.FILE, module.TOP, name, module.Section)
    module.run(name, section.model_copy(update=changed))


def _outputs(*folders: Path) -> dict[str, bytes]:
    return {str(p): p.read_bytes() for folder in folders for p in sorted(folder.rglob("*")) if p.is_file()}


@pytest.mark.parametrize("experiment", EXPERIMENTS)
def test_training_and_evaluation_leave_their_files_and_the_same_bytes_again(project: Path, experiment: str):
    folders = paths.model(experiment), paths.report("train", experiment), paths.report("evaluate", experiment)
    found = []
    for _ in range(2):
        _run("train", experiment)
        _run("evaluate", experiment)
        found.append(_outputs(*folders))
    assert found[0] == found[1]
    classes = experiment != "houses-linear"
    curves = {"confusion.csv", "roc.csv", "calibration.json"} if classes else {"residuals.csv"}
    assert {Path(p).name for p in found[0]} == {
        *(
            "weights.safetensors",
            "model.json",
            "fingerprint.json",
            "history.csv",
            "metrics.json",
            "predictions.parquet",
            "samples.json",
            "attributions.json",
            "intervals.json",
            "sanity.json",
            "slices.json",
        ),
        *curves,
    }
    assert str(project).encode() not in b"".join(found[0].values())


def test_history_has_nine_digits_and_whole_epochs(project: Path):
    _run("train", "people-mlp")
    lines = (paths.report("train", "people-mlp") / "history.csv").read_text().splitlines()
    assert lines[0] == "epoch,train_loss,val_loss,val_accuracy,lr"
    assert [line.split(",")[0] for line in lines[1:]] == ["1", "2", "3"]
    assert all(re.fullmatch(r"\d+(,[\d.e+-]{1,15}){4}", line) for line in lines[1:])


def test_the_fingerprint_covers_family_task_and_stage_alone(project: Path):
    _run("train", "people-mlp")
    parts = read_json(paths.model("people-mlp") / "fingerprint.json")["parts"]
    code = {Path(file).name for file in parts["code"]}
    assert {"mlp.py", "classification.py", "train.py", "fit.py", "layers.py"} <= code
    assert not {"cnn.py", "linear.py", "regression.py", "evaluate.py"} & code
    assert parts["parameters"]["model"]["dropout"] == 0.0
    assert parts["parameters"]["trainer"]["epochs"] == 3


def test_predictions_are_of_the_test_rows(project: Path):
    _run("train", "people-mlp")
    _run("evaluate", "people-mlp")
    table = pd.read_parquet(paths.report("evaluate", "people-mlp") / "predictions.parquet")
    rows = pd.read_parquet(paths.prepared("people") / "rows.parquet")
    assert table["row"].tolist() == rows.loc[rows["split"] == "test", "row"].tolist()
    raw = pd.read_parquet(paths.raw("people") / "rows.parquet")
    assert table["target"].tolist() == raw["rich"].iloc[table["row"]].tolist()
    np.testing.assert_allclose(table["p_no"] + table["p_yes"], 1)
    metrics = read_json(paths.report("evaluate", "people-mlp") / "metrics.json")
    assert metrics["accuracy"] == (table["target"] == table["prediction"]).mean()


def test_a_diverged_training_names_its_experiment(project: Path):
    settings = load_section(paths.PARAMS_FILE, "experiments", "people-mlp", stage_module("train").Section).trainer
    with pytest.raises(RemintError, match=r"params.yaml: experiments.people-mlp: training diverged"):
        _run("train", "people-mlp", trainer=settings.model_copy(update={"lr": 1e35, "optimizer": "sgd"}))
    assert not paths.model("people-mlp").exists()


@pytest.mark.parametrize("experiment", EXPERIMENTS)
def test_a_network_that_predicts_nan_is_refused_and_its_run_failed(project: Path, experiment: str):
    _run("train", experiment)
    file = paths.model(experiment) / "weights.safetensors"
    weights = {
        name: tensor * float("nan") if tensor.is_floating_point() else tensor
        for name, tensor in load_file(file).items()
    }
    save_file(weights, file)
    with pytest.raises(
        RemintError, match=rf"experiments.{experiment}: the network predicts NaN or infinity for \d+ of"
    ):
        _run("evaluate", experiment)
    assert not paths.report("evaluate", experiment).exists()
    [run] = all_runs(EXPERIMENTS[experiment]["dataset"])
    assert run.info.status == "FAILED"


def test_edges_of_a_column_that_is_no_number_are_refused_at_once(project: Path):
    content = read_yaml(paths.DATASETS_FILE)
    content["datasets"]["people"]["evaluation"] = {"slices": {"job": {"column": "job", "edges": [1]}}}
    write_yaml(paths.DATASETS_FILE, content)
    with pytest.raises(ConfigError, match=r"evaluation.slices.job.edges are there for a category; allowed: of numbers"):
        load_project()


def test_a_slicing_of_too_many_values_is_refused(project: Path, monkeypatch: pytest.MonkeyPatch):
    content = read_yaml(paths.DATASETS_FILE)
    content["datasets"]["people"]["evaluation"] = {"slices": {"note": {"column": "note"}}}
    write_yaml(paths.DATASETS_FILE, content)
    monkeypatch.setattr(slice_values, "MOST", 20)
    _run("train", "people-mlp")
    with pytest.raises(ConfigError, match=r"slices.note gives \d+ slices; allowed: at most 20, or edges of numbers"):
        _run("evaluate", "people-mlp")


def test_a_family_that_does_not_take_the_data_is_refused(project: Path):
    with pytest.raises(ConfigError, match=r'experiments.people-mlp: model.family "cnn" takes images'):
        _run("train", "people-mlp", model=FAMILIES["cnn"])


def test_baselines(project: Path):
    before = []
    for _ in range(2):
        _run("baseline", "people")
        before.append(_outputs(paths.report("baseline", "people")))
    assert before[0] == before[1]
    metrics = read_json(paths.report("baseline", "people") / "metrics.json")
    assert set(metrics) == {"constant", "linear"}
    assert set(metrics["linear"]) == set(METRICS["classification"])


def test_a_dataset_without_baselines_has_empty_results(project: Path):
    _run("baseline", "digits")
    assert read_json(paths.report("baseline", "digits") / "metrics.json") == {}
    assert pd.read_parquet(paths.report("baseline", "digits") / "predictions.parquet").empty
