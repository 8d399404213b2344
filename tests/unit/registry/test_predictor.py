import ast
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import get_args
from urllib.parse import urlsplit
from urllib.request import url2pathname

import numpy as np
import pandas as pd
import pytest

from remint import paths
from remint.config.dataset import Modality
from remint.config.metrics import Task
from remint.data.prepared import Prepared
from remint.data.raw import read_raw
from remint.data.rows import rows_of
from remint.errors import DataError
from remint.evaluation.predict import predict
from remint.evaluation.tables import prediction_table
from remint.models.families import families
from remint.models.store import load_network
from remint.preprocessing.image import ImagePreprocessor
from remint.provenance import code_closure
from remint.registry import package, predictor
from remint.registry.predictor import Predictor, load_predictor
from remint.registry.promotion import register_and_promote
from remint.tracking.store import client
from tests import served, trained

DATASETS = {"people-mlp": "people", "houses-linear": "houses", "digits-cnn": "digits"}


def registered(experiment: str) -> Path:
    """Train, evaluate and register; give the folder of the model."""
    trained.train(experiment)
    trained.evaluate(experiment, {"accuracy": 0.7, "rmse": 1.0})
    register_and_promote(experiment, trained.config_of(experiment))
    [folder] = paths.MLFLOW_ARTIFACTS.glob(f"{DATASETS[experiment]}/models/*/artifacts")
    return folder


def loaded(experiment: str) -> Predictor:
    """Train, and give the predictor as it is served."""
    return served.loaded(experiment)


def expected(experiment: str) -> pd.DataFrame:
    """What `evaluate` writes about the test split."""
    prepared = Prepared(paths.prepared(DATASETS[experiment]))
    network, spec, task = load_network(paths.model(experiment))
    arrays, rows = prepared.split("test"), prepared.rows("test")["row"].to_numpy()
    return prediction_table(rows, arrays["target"], predict(network, rows_of(arrays, spec), task), spec.outputs)


@pytest.mark.parametrize("experiment", DATASETS)
def test_what_is_served_is_what_was_evaluated(project: Path, experiment: str) -> None:
    model, table = loaded(experiment), expected(experiment)
    raw = read_raw(paths.raw(DATASETS[experiment]))
    inputs = raw.rows.iloc[table["row"]] if raw.images is None else raw.images[table["row"]]
    predicted = model.predict(inputs)
    wanted = table.drop(columns=["row", "target"]).set_axis(predicted.index)
    pd.testing.assert_frame_equal(predicted, wanted, check_exact=True)


@pytest.mark.parametrize("channels", [1, 3])
def test_images_reach_the_network_in_the_layout_of_the_prepared_ones(channels: int) -> None:
    given = ImagePreprocessor(channels, 6, 5).transform(np.zeros((4, 6, 5, channels), dtype=np.uint8))
    assert given["image"].strides == np.zeros((4, channels, 6, 5), dtype=np.uint8).strides


def test_rows_are_taken_in_parts(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model, rows = loaded("people-mlp"), read_raw(paths.raw("people")).rows
    whole = model.predict(rows)
    monkeypatch.setattr(predictor, "ROWS", 7)
    parts = model.predict(rows)
    assert list(parts["prediction"]) == list(whole["prediction"])
    np.testing.assert_allclose(parts["p_yes"], whole["p_yes"], rtol=1e-5)
    assert whole.index.equals(rows.index)


@pytest.mark.parametrize("experiment", DATASETS)
def test_no_rows_give_no_rows(project: Path, experiment: str) -> None:
    raw = read_raw(paths.raw(DATASETS[experiment]))
    empty = loaded(experiment).predict(raw.rows.iloc[:0] if raw.images is None else raw.images[:0])
    assert len(empty) == 0
    assert empty.columns[0] == "prediction"


def test_inputs_that_do_not_fit_are_refused(project: Path) -> None:
    with pytest.raises(DataError, match='column "age" is missing'):
        loaded("people-mlp").predict(pd.DataFrame({"job": ["cook"]}))
    with pytest.raises(DataError, match="inputs are list"):
        loaded("houses-linear").predict([1])
    with pytest.raises(DataError, match="images are float64"):
        loaded("digits-cnn").predict(np.zeros((2, 6, 6, 1)))


def test_nothing_in_the_model_is_pickled(project: Path) -> None:
    folder = registered("people-mlp")
    files = [path for path in folder.rglob("*") if path.is_file()]
    loaded = [path for path in files if path.relative_to(folder).parts[0] != "remint"]
    assert {path.suffix for path in loaded} == {"", ".py", ".json", ".safetensors", ".txt", ".yaml"}
    assert {path.name for path in files if path.suffix == ""} == {"MLmodel"}
    assert not [path for path in files if "__pycache__" in path.parts]
    assert not [path for path in files if path.read_bytes().startswith(b"\x80")]
    requirements = (folder / "requirements.txt").read_text().split()
    assert {line.partition("==")[0] for line in requirements} == {"mlflow", *package.PACKAGES}
    assert all("+" not in line for line in requirements)
    assert str(project) not in (folder / "MLmodel").read_text()


def test_requirements_name_all_that_the_predictor_imports() -> None:
    modules = [
        *(f"remint.models.{name}" for name in families()),
        *(f"remint.tasks.{name}" for name in get_args(Task)),
        *(f"remint.preprocessing.{name}" for name in get_args(Modality)),
    ]
    code = code_closure(package.LOADER, *modules)
    used = {name for file in code for name in _top_level_imports(ast.parse(file.read_text()))}
    third_party = used - sys.stdlib_module_names - {"remint"}
    assert third_party == {"numpy", "pandas", "pydantic", "pydantic_core", "ruamel", "safetensors", "torch"}


def _top_level_imports(tree: ast.Module) -> set[str]:
    """Name the packages that are imported where a module is, not in its functions."""
    names: set[str] = set()
    for node in tree.body:
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module.partition(".")[0])
    return names


PLAIN_CLIENT = """
import importlib.util, json, sys
from pathlib import Path
if sys.argv[1] == "without":
    sys.meta_path = [finder for finder in sys.meta_path if "editable" not in repr(finder).lower()]
    sys.path = [path for path in sys.path if not Path(path, "remint").is_dir()]
    assert importlib.util.find_spec("remint") is None
import mlflow, numpy, pandas
from safetensors.numpy import load_file
tell = {}
people = mlflow.pyfunc.load_model("models:/people-mlp@champion")
rows = pandas.read_parquet("data/raw/people/rows.parquet")
tell["prediction"] = people.predict(rows)["p_yes"].tolist()
few = rows.head(4)[["age", "children", "height", "job", "member"]].assign(more=1)
old = people.predict(few.assign(age=[30, 31, 32, 33], height=[1.0, numpy.inf, 2.0, 3.0]), params={"on_error": "skip"})
tell["skipped"] = old["error"].tolist()
changed = {
    "int32": few.astype({"age": "int32"}),
    "whole": few.assign(children=[1, 2, 3, 4]),
    "none": few.assign(children=None),
    "unknown": few.assign(job="astronaut"),
}
tell["changed"] = {name: people.predict(table)["p_yes"].tolist() for name, table in changed.items()}
digits = mlflow.pyfunc.load_model("models:/digits-cnn@champion")
tell["digits"] = digits.predict(load_file("data/raw/digits/images.safetensors")["images"])["prediction"].tolist()
tell["signature"] = [str(people.metadata.signature.inputs), str(digits.metadata.signature.inputs)]
tell["code"] = sys.modules["remint"].__path__[0]
heavy = ("pytorch_lightning", "dvc", "prefect", "great_expectations", "sklearn", "matplotlib")
tell["heavy"] = [name for name in heavy if name in sys.modules]
print(json.dumps(tell))
"""


def test_a_plain_client_predicts_on_raw_rows_with_and_without_remint(project: Path) -> None:
    for experiment in ("people-mlp", "digits-cnn"):
        registered(experiment)
    variables = {"MLFLOW_TRACKING_URI": "sqlite:///mlruns/mlflow.db", "MLFLOW_DISABLE_TELEMETRY": "true"}
    clients = [
        subprocess.Popen(
            [sys.executable, "-c", PLAIN_CLIENT, remint],
            env={**os.environ, **variables},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for remint in ("with", "without")
    ]
    model, rows = loaded("people-mlp"), read_raw(paths.raw("people")).rows
    probabilities = model.predict(rows)["p_yes"].tolist()
    changed = {name: model.predict(table)["p_yes"].tolist() for name, table in _equivalent(rows.head(4)).items()}
    for plain_client in clients:
        out, errors = plain_client.communicate()
        assert plain_client.returncode == 0, errors
        _check_client(json.loads(out), probabilities, changed, project)
    assert not (project / "mlflow.db").exists()


def _equivalent(few: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Give tables without a missing number that must be answered as the client's changed ones."""
    medians = Prepared(paths.prepared("people")).rows("train")[["children"]].median()
    return {
        "int32": few,
        "whole": few.assign(children=[1.0, 2.0, 3.0, 4.0]),
        "none": few.assign(children=medians["children"]),
        "unknown": few.assign(job="baker"),
    }


def _check_client(told: dict, probabilities: list[float], changed: dict[str, list[float]], project: Path) -> None:
    np.testing.assert_allclose(told["prediction"], probabilities, rtol=1e-6)
    assert told["changed"].keys() == changed.keys()
    for name, wanted in changed.items():
        np.testing.assert_allclose(told["changed"][name], wanted, rtol=1e-6, err_msg=name)
        assert name == "int32" or not np.allclose(wanted, changed["int32"], rtol=1e-4), name
    assert len(told["digits"]) == 90
    wrong = 'column "height", row 1, is inf; allowed: a finite number, as float32 holds it'
    assert told["skipped"] == [None, wrong, None, None]
    assert told["signature"] == [
        "['age': long (required), 'children': Any (required), 'height': double (required), 'job': string (required), "
        "'member': boolean (required)]",
        "[Tensor('uint8', (-1, 6, 6, 1))]",
    ]
    assert Path(told["code"]).is_relative_to(project / "mlruns")
    assert told["heavy"] == []


def test_registering_asks_nobody_and_says_nothing(
    project: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("a connection was asked for")

    monkeypatch.setattr("socket.socket.connect", refuse)
    registered("people-mlp")
    assert capfd.readouterr() == ("", "")
    assert {e.name for e in client().search_experiments()} == {"people", "Default"}
    assert sorted(p.name for p in project.iterdir()) == [".remint", "data", "datasets.yaml", "mlruns", "params.yaml"]


def test_a_model_moves_with_its_project(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    registered("people-mlp")
    moved = project.with_name(f"{project.name} moved")
    project.rename(moved)
    monkeypatch.chdir(moved)
    location = client().get_model_version_download_uri("people-mlp", "1")
    assert location.startswith(moved.as_uri())
    folder = Path(url2pathname(urlsplit(location).path))
    assert len(load_predictor(folder / "data" / "files").predict(read_raw(paths.raw("people")).rows)) == 300
