"""New datasets and experiments of every modality are YAML and nothing else, up to a model served on raw inputs."""

import json
import re
import subprocess
import sys
from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from safetensors.numpy import load_file

from remint.config.metrics import METRICS, label
from remint.files import read_json
from tests.conftest import Project, copy_project
from tests.flows.modalities import BAD, DATASETS, EXPERIMENTS, GOOD, REPEATED, write_modalities

STAGES = 4 * len(DATASETS) + 2 * len(EXPERIMENTS)
DATASET_OF = dict(zip(EXPERIMENTS, DATASETS, strict=True))
OF_CLASSES, OF_NUMBERS = set(METRICS["classification"]), set(METRICS["regression"])
FOUND = {"attributions.png", "robustness.png", "slices.png"}
EXPECTED = {
    "reviews-transformer": (
        OF_CLASSES,
        FOUND | {"loss.png", "confusion.png", "roc.png", "samples.png", "attention.png", "calibration.png"},
    ),
    "tales-gpt": (
        {"bits_per_character", "perplexity"},
        FOUND | {"loss.png", "lengths.png", "generated.txt", "attention.png"},
    ),
    "power-gru": (OF_NUMBERS, FOUND | {"loss.png", "horizon.png", "residuals.png", "forecast.png"}),
    "ratings-mf": (OF_NUMBERS, (FOUND - {"slices.png"}) | {"loss.png", "residuals.png", "samples.png"}),
    "digits-resnet": (OF_CLASSES, FOUND | {"loss.png", "confusion.png", "roc.png", "samples.png", "calibration.png"}),
}
"Metrics and plots of an experiment."
LEARNED = {
    "reviews-transformer": ("accuracy", 0.8, 1.0),
    "tales-gpt": ("bits_per_character", 0.0, 1.8),  # characters alone, by how often they occur: 4.2
    "power-gru": ("rmse", 0.0, 1.2),  # a day before: 1.6
    "ratings-mf": ("rmse", 0.0, 0.36),  # the mean: 0.45
    "digits-resnet": ("accuracy", 0.6, 1.0),
}
"Between what a metric lies where something was learned."
CLIENT = """
import json, sys
import mlflow, pandas
from safetensors.numpy import load_file

mlflow_client, told = mlflow.MlflowClient(), {}

def walk(run, folder=None):
    for entry in mlflow_client.list_artifacts(run, folder):
        yield from walk(run, entry.path) if entry.is_dir else [entry.path]

for experiment, dataset in json.loads(sys.argv[1]).items():
    model = mlflow.pyfunc.load_model(f"models:/{experiment}/1")
    run = mlflow_client.get_model_version(experiment, "1").run_id
    rows = pandas.read_parquet(f"data/raw/{dataset}/rows.parquet")
    if dataset == "digits":
        predicted = model.predict(load_file("data/raw/digits/images.safetensors")["images"])
    elif dataset == "tales":
        table = pandas.read_parquet("data/reports/evaluate/tales-gpt/predictions.parquet")
        predicted = model.predict(rows.iloc[table["row"]])
    else:
        predicted = model.predict(rows)
    predicted.to_parquet(f"{experiment}.parquet")
    told[experiment] = {
        "artifacts": sorted(walk(run)),
        "metrics": sorted(mlflow_client.get_run(run).data.metrics),
        "inputs": model.metadata.get_input_schema().to_dict(),
        "outputs": model.metadata.get_output_schema().to_dict(),
    }
    told["said"] = model.predict(pandas.DataFrame({"text": ["这书很喜欢", ""]}))["prediction"].tolist() \
        if dataset == "reviews" else told.get("said")
print(json.dumps(told))
"""


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A project in which all of it has run once."""
    project = copy_project(tmp_path_factory.mktemp("modalities") / "project")
    write_modalities(project.root, project.root.parent / "sources")
    project.commit()
    done = project.call("remint", "run")
    (project.root / ".remint" / "first-run.txt").write_text(done.stdout + done.stderr, encoding="utf-8")
    return project


@pytest.fixture(scope="module")
def told(ran: Project) -> dict:
    """What a plain MLflow client finds in another process; it leaves its predictions as `EXPERIMENT.parquet`."""
    environment = {**ran.environment, "MLFLOW_TRACKING_URI": "sqlite:///mlruns/mlflow.db"}
    command = [sys.executable, "-c", CLIENT, json.dumps(DATASET_OF)]
    done = subprocess.run(command, cwd=ran.root, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    content: dict = json.loads(done.stdout)
    return content


def evaluated(project: Project, experiment: str) -> pd.DataFrame:
    return pd.read_parquet(project.root / "data/reports/evaluate" / experiment / "predictions.parquet")


def served(project: Project, experiment: str) -> pd.DataFrame:
    return pd.read_parquet(project.root / f"{experiment}.parquet")


def test_every_stage_ran_and_every_model_is_champion(ran: Project) -> None:
    said = (ran.root / ".remint" / "first-run.txt").read_text(encoding="utf-8")
    assert len(re.findall(r"^\w+@[\w-]+ +ran +[\d.]+ s$", said, re.MULTILINE)) == STAGES, said
    assert len(re.findall(r" yes *$", said, re.MULTILINE)) == len(EXPERIMENTS), said
    assert "Traceback" not in said
    assert "Warning" not in said


@pytest.mark.parametrize("experiment", EXPERIMENTS)
def test_metrics_samples_and_plots(ran: Project, told: dict, experiment: str) -> None:
    metrics, plots = EXPECTED[experiment]
    found = read_json(ran.root / "data/reports/evaluate" / experiment / "metrics.json")
    assert set(found) == metrics
    assert np.isfinite(list(found.values())).all()
    metric, low, high = LEARNED[experiment]
    assert low <= found[metric] <= high
    assert {f"test_{name}" for name in metrics} <= set(told[experiment]["metrics"])
    artifacts = set(told[experiment]["artifacts"])
    assert {f"plots/{name}" for name in plots} == {path for path in artifacts if path.startswith("plots/")}
    assert {"evaluation/samples.json", "evaluation/metrics.json", "training/history.csv"} <= artifacts


def test_what_was_cleaned_is_told_and_left_out(ran: Project) -> None:
    report = read_json(ran.root / "data/reports/validate/reviews/report.json")
    assert [(step["key"], step["count"]) for step in report["cleaning"]["steps"]] == [("cleaning.duplicates", REPEATED)]
    kept = pd.read_parquet(ran.root / "data/prepared/reviews/rows.parquet")
    assert len(kept) == report["rows"] - REPEATED
    assert kept["text"].is_unique


@pytest.mark.parametrize("experiment", ["reviews-transformer", "ratings-mf", "digits-resnet"])
def test_what_is_served_is_what_was_evaluated(ran: Project, told: dict, experiment: str) -> None:
    table = evaluated(ran, experiment)
    found = served(ran, experiment).iloc[table["row"]].reset_index(drop=True)
    wanted = table.drop(columns=["row", "target"])
    assert list(found) == list(wanted) == [column["name"] for column in told[experiment]["outputs"]]
    pd.testing.assert_frame_equal(found, wanted, rtol=1e-5, atol=1e-6, check_dtype=False)


def test_chinese_reviews_get_chinese_classes(told: dict) -> None:
    assert told["said"][0] == GOOD
    assert told["said"][1] in (GOOD, BAD)
    assert [column["name"] for column in told["reviews-transformer"]["inputs"]] == ["text"]


def test_a_language_model_goes_on_and_tells_its_bits(ran: Project, told: dict) -> None:
    table, found = evaluated(ran, "tales-gpt"), served(ran, "tales-gpt")
    assert list(found) == ["prediction", "bits_per_character"]
    np.testing.assert_array_equal(found["bits_per_character"], table["bits_per_character"])
    assert all(isinstance(text, str) for text in found["prediction"])
    assert found["prediction"].str.len().max() > 0
    bits = (table["bits_per_character"] * table["characters"]).sum() / table["characters"].sum()
    metrics = read_json(ran.root / "data/reports/evaluate/tales-gpt/metrics.json")
    assert bits == pytest.approx(metrics["bits_per_character"])
    assert [column["name"] for column in told["tales-gpt"]["inputs"]] == ["text"]


def test_a_series_gets_a_forecast_for_each_row_with_its_history(ran: Project, told: dict) -> None:
    table, found = evaluated(ran, "power-gru"), served(ran, "power-gru")
    steps = ["prediction_1", "prediction_2", "prediction_3"]
    assert list(found) == steps
    raw = pd.read_parquet(ran.root / "data/raw/power/rows.parquet")
    assert len(found) == len(raw) - 2 * 23
    assert set(table["row"]) <= set(found.index)
    wanted = table.set_index("row")[steps]
    pd.testing.assert_frame_equal(found.loc[wanted.index], wanted, rtol=1e-5, check_names=False)
    assert [column["name"] for column in told["power-gru"]["inputs"]] == ["hour", "site", "load", "wind"]


def test_test_windows_lie_after_those_of_training(ran: Project) -> None:
    rows = pd.read_parquet(ran.root / "data/prepared/power/rows.parquet")
    times = rows.groupby("split")["hour"].agg(["min", "max"])
    horizon = pd.Timedelta("3h")
    for before, after in (("train", "val"), ("val", "test")):
        assert pd.Timestamp(times.loc[before, "max"]) + horizon <= pd.Timestamp(times.loc[after, "min"])
    arrays = load_file(ran.root / "data/prepared/power/test.safetensors")
    assert arrays["target"].shape == (int((rows["split"] == "test").sum()), 3)


def test_pages_and_samples_keep_chinese_readable(ran: Project) -> None:
    samples = (ran.root / "data/reports/evaluate/reviews-transformer/samples.json").read_text(encoding="utf-8")
    page = (ran.root / "data/reports/validate/reviews/report.html").read_text(encoding="utf-8")
    state = (ran.root / "data/prepared/reviews/preprocessor.json").read_text(encoding="utf-8")
    assert GOOD in samples
    assert GOOD in page
    assert '"喜"' in state


@pytest.mark.parametrize("experiment", ["reviews-transformer", "power-gru", "ratings-mf"])
def test_the_command_predicts_what_was_evaluated(ran: Project, experiment: str) -> None:
    raw, out = f"data/raw/{DATASET_OF[experiment]}/rows.parquet", f"{experiment}-predicted.parquet"
    ran.call("remint", "predict", f"{experiment}/1", raw, "-o", out)
    found, table = pd.read_parquet(ran.root / out), evaluated(ran, experiment).set_index("row")
    if experiment == "power-gru":
        found.index = served(ran, experiment).index  # rows without their history before them have no forecast
    wanted = table[[name for name in table if name.startswith(("prediction", "p_"))]]
    pd.testing.assert_frame_equal(found.loc[wanted.index, [*wanted]], wanted, rtol=1e-5, atol=1e-6, check_names=False)


@pytest.mark.parametrize("experiment", EXPERIMENTS)
def test_a_card_tells_the_metrics_of_the_champion(ran: Project, experiment: str) -> None:
    said = ran.call("remint", "report", experiment).stdout
    found = read_json(ran.root / "data/reports/evaluate" / experiment / "metrics.json")
    for metric in found:
        assert label(metric) in said
    assert "When inputs get worse" in said
    assert "Not evaluated: this version has no" not in said.partition("When inputs get worse")[2]


def test_a_temperature_is_kept_with_the_model(ran: Project) -> None:
    description = read_json(ran.root / "data/models/digits-resnet/model.json")
    assert 0.05 <= description["temperature"] <= 20
    finding = read_json(ran.root / "data/reports/evaluate/digits-resnet/findings/calibration.json")
    assert finding["temperature"] == description["temperature"]


def test_then_neither_runner_has_anything_to_do(ran: Project) -> None:
    before = ran.lock()
    done = ran.call("dvc", "repro")
    assert "Data and pipelines are up to date" in done.stdout + done.stderr
    assert ran.call("remint", "run").stdout.count(" unchanged ") == STAGES
    assert ran.lock() == before


@pytest.mark.parametrize(
    "names", [("reviews-transformer",), pytest.param(("tales-gpt", "power-gru"), marks=pytest.mark.slow)]
)
def test_a_forced_run_writes_the_same_bytes(
    ran: Project, copy_of: Callable[[Project], Project], names: tuple[str, ...]
) -> None:
    project = copy_of(ran)
    said = project.call("remint", "run", "--force", *names).stdout
    assert said.count(" ran ") == 6 * len(names), said
    assert project.lock() == ran.lock()
