"""A project whose whole pipeline takes two seconds: one small table, a linear network, two epochs of three steps."""

import shutil
import subprocess
from copy import deepcopy
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from ruamel.yaml import YAML

from tests.conftest import Project, copy_project, use_file
from tests.trained import PEOPLE

NAME, DATASET = "people-linear", "people"
ROWS = 240
EXPERIMENT: dict[str, Any] = {
    "dataset": DATASET,
    "task": "classification",
    "model": {"family": "linear"},
    "trainer": {"epochs": 2, "batch_size": 50},
    "seed": 1,
    "gates": {},
}


def make(root: Path) -> Project:
    """Make the project at `root`, its raw files beside it."""
    project = copy_project(root)
    declare(root, seed=1)
    project.commit()
    return project


def declare(root: Path, seed: int, replicates: int = 100) -> None:
    """Declare raw data and a training, both by their seed, and how many replicates its evaluation draws."""
    table = root.parent / f"people-{seed}.csv"
    _people(seed).to_csv(table, index=False)
    dataset = deepcopy(PEOPLE)
    use_file(dataset["source"], "people.csv", table)
    dataset["evaluation"] = {"replicates": replicates}
    dataset["baselines"] = {"constant": {"estimator": "constant"}}
    _write(root / "datasets.yaml", {"datasets": {DATASET: dataset}})
    _write(root / "params.yaml", {"experiments": {NAME: {**EXPERIMENT, "seed": seed}}})


def put(source: Path, target: Path) -> None:
    """Make `target` a copy of a kept project."""
    shutil.rmtree(target, ignore_errors=True)
    subprocess.run(["cp", "-a", str(source), str(target)], check=True)


def _people(seed: int) -> pd.DataFrame:
    random = np.random.default_rng(seed)
    age = random.integers(18, 90, ROWS)
    return pd.DataFrame(
        {
            "age": age,
            "children": np.where(random.random(ROWS) < 0.2, np.nan, random.integers(0, 5, ROWS)),
            "height": random.normal(170.0, 10.0, ROWS),
            "job": random.choice(["cook", "nurse", "pilot"], ROWS),
            "member": random.random(ROWS) < 0.5,
            "note": [f"person {i}" for i in range(ROWS)],
            "rich": np.where(age + random.normal(0.0, 10.0, ROWS) > 55, "yes", "no"),
        }
    )


def _write(file: Path, content: dict[str, Any]) -> None:
    with file.open("w") as out:
        YAML(typ="safe").dump(content, out)
