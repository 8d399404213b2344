"""A new dataset and a new experiment are YAML and nothing else."""

import re
from collections.abc import Callable
from pathlib import Path

import pandas as pd
from sklearn.datasets import load_diabetes, load_digits

from tests.conftest import Project, use_file


def digits_file(folder: Path) -> Path:
    digits = load_digits()
    rows = pd.DataFrame((digits.data * 15).astype(int))
    rows["label"] = digits.target
    rows.to_csv(folder / "digits.csv", index=False, header=False)
    return folder / "digits.csv"


def diabetes_file(folder: Path) -> Path:
    load_diabetes(as_frame=True).frame.to_csv(folder / "diabetes.csv", index=False)
    return folder / "diabetes.csv"


def declare(project: Project) -> None:
    """Add an image dataset and a table with a number to predict, and an experiment on each."""

    def datasets(content: dict) -> None:
        shared = {"split": {"kind": "hash", "val": 0.1, "test": 0.2}, "expectations": {}}
        shared |= {"cleaning": {}, "preprocessing": {}}
        content["datasets"]["digits"] = {
            "modality": "image",
            "source": {"format": {"kind": "csv-images", "height": 8, "width": 8}},
            "schema": {"target": "label", "columns": {"label": {"type": "category"}}},
            "baselines": {"constant": {"estimator": "constant"}},
            **shared,
        }
        columns = {name: {"type": "float"} for name in ("age", "sex", "bmi", "bp", "s1", "s2", "s3", "s4", "s5", "s6")}
        content["datasets"]["diabetes"] = {
            "modality": "tabular",
            "source": {"format": {"kind": "csv"}},
            "schema": {"target": "target", "columns": {**columns, "target": {"type": "float"}}},
            "baselines": {"linear": {"estimator": "linear"}},
            **shared,
        }
        for name, make in (("digits", digits_file), ("diabetes", diabetes_file)):
            use_file(content["datasets"][name]["source"], f"{name}.csv", make(project.root.parent))

    def params(content: dict) -> None:
        trainer = {"epochs": 15, "batch_size": 32, "lr": 0.01}
        shared = {"trainer": trainer, "seed": 3}
        content["experiments"]["digits-softmax"] = {
            "dataset": "digits",
            "task": "classification",
            "model": {"family": "linear"},
            **shared,
        }
        content["experiments"]["diabetes-linear"] = {
            "dataset": "diabetes",
            "task": "regression",
            "model": {"family": "linear"},
            **shared,
        }

    project.edit("datasets.yaml", datasets)
    project.edit("params.yaml", params)


def test_new_datasets_and_experiments_run(finished: Project, copy_of: Callable[[Project], Project]) -> None:
    project = copy_of(finished)
    declare(project)
    said = project.call("remint", "run", "digits-softmax", "diabetes-linear").stdout
    assert said.count(" ran ") == 4 * 2 + 2 * 2, said
    (accuracy,) = re.findall(r"^digits-softmax +accuracy +(\d\.\d+)", said, re.MULTILINE)
    assert float(accuracy) > 0.9
    (rmse,) = re.findall(r"^diabetes-linear +rmse +(\d+\.\d+)", said, re.MULTILINE)
    (baseline,) = re.findall(r"^  baseline linear +rmse +(\d+\.\d+)", said, re.MULTILINE)
    assert float(rmse) < 1.1 * float(baseline)
    done = project.call("dvc", "repro")
    assert "Data and pipelines are up to date" in done.stdout + done.stderr
