"""Small projects in the working directory, trained without training: for tests of what comes after it."""

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from ruamel.yaml import YAML

from remint import paths
from remint.config.experiment import ExperimentConfig
from remint.config.load import load_project
from remint.config.specs import ClassesSpec
from remint.data.prepared import Prepared
from remint.data.raw import RawData, write_raw
from remint.files import write_json, writing_folder
from remint.models.base import build_network, model_config
from remint.models.store import save_network
from remint.provenance import fingerprint

PEOPLE: dict[str, Any] = {
    "modality": "tabular",
    "source": {
        "files": {"people.csv": {"sha256": "0" * 64, "from": [{"kind": "file", "path": "people.csv"}]}},
        "format": {"kind": "csv"},
    },
    "schema": {
        "target": "rich",
        "columns": {
            "age": {"type": "integer"},
            "children": {"type": "integer", "missing": 0.5},
            "height": {"type": "float"},
            "job": {"type": "category"},
            "member": {"type": "boolean"},
            "note": {"type": "text", "role": "ignored"},
            "rich": {"type": "category", "values": ["no", "yes"]},
        },
    },
    "split": {"kind": "hash", "key": ["note"], "val": 0.2, "test": 0.3},
    "expectations": {},
    "cleaning": {},
    "preprocessing": {},
    "baselines": {"constant": {"estimator": "constant"}, "linear": {"estimator": "linear", "parameters": {"C": 2}}},
    "evaluation": {},
}
HOUSES: dict[str, Any] = {**PEOPLE, "schema": {**PEOPLE["schema"], "target": "height"}, "baselines": {}}
DIGITS: dict[str, Any] = {
    "modality": "image",
    "source": {
        "files": {"digits.csv": {"sha256": "0" * 64, "from": [{"kind": "file", "path": "digits.csv"}]}},
        "format": {"kind": "csv-images", "height": 6, "width": 6},
    },
    "schema": {"target": "label", "columns": {"label": {"type": "category", "values": ["0", "1", "2"]}}},
    "split": {"kind": "hash", "val": 0.2, "test": 0.3},
    "expectations": {},
    "cleaning": {},
    "preprocessing": {},
    "baselines": {},
    "evaluation": {},
}
EXPERIMENTS: dict[str, Any] = {
    "people-mlp": {
        "dataset": "people",
        "task": "classification",
        "model": {"family": "mlp", "hidden": [8]},
        "trainer": {"epochs": 3},
        "seed": 0,
        "gates": {
            "useful": {"metric": "accuracy", "min": 0.5},
            "better": {"metric": "accuracy", "better_than": "champion"},
        },
    },
    "houses-linear": {
        "dataset": "houses",
        "task": "regression",
        "model": {"family": "linear"},
        "trainer": {},
        "seed": 0,
    },
    "digits-cnn": {
        "dataset": "digits",
        "task": "classification",
        "model": {"family": "cnn", "blocks": [[4]], "hidden": 8},
        "trainer": {},
        "seed": 0,
    },
}


def make_project() -> None:
    """Write the declarations, the raw and the prepared data."""
    _write_yaml("datasets.yaml", {"datasets": {"people": PEOPLE, "houses": HOUSES, "digits": DIGITS}})
    _write_yaml("params.yaml", {"experiments": EXPERIMENTS})
    from remint.stages import preprocess

    for name, dataset in load_project().datasets.items():
        write_raw(paths.raw(name), _digits() if name == "digits" else _people())
        keys = dataset.model_dump(by_alias=True, include={"modality", "schema_", "split", "cleaning", "preprocessing"})
        preprocess.run(name, preprocess.Section.model_validate(keys))


def train(experiment: str, seed: int = 0) -> None:
    """Write what `train` writes, with the weights as they are drawn."""
    config = load_project().experiments[experiment]
    prepared = Prepared(paths.prepared(config.dataset))
    network = build_network(model_config(experiment, config.model), prepared.spec, seed)
    section = {**config.model_dump(mode="json", include={"dataset", "task", "model", "trainer"}), "seed": seed}
    with writing_folder(paths.model(experiment)) as out:
        save_network(out, network.state_dict(), config.task, config.model, prepared.spec)
        write_json(out / "fingerprint.json", fingerprint([prepared.folder], section, []))
    epochs = "".join(f"{epoch},{1 / epoch},{1.1 / epoch},0.7,0.1\n" for epoch in (1, 2, 3))
    _write_text(
        paths.report("train", experiment) / "history.csv", f"epoch,train_loss,val_loss,val_accuracy,lr\n{epochs}"
    )


def evaluate(experiment: str, metrics: Mapping[str, float]) -> None:
    """Write what `evaluate` writes, with these metrics."""
    config = load_project().experiments[experiment]
    prepared = Prepared(paths.prepared(config.dataset))
    rows, target = prepared.rows("test"), prepared.split("test")["target"]
    folder = paths.report("evaluate", experiment)
    _write_text(folder / "plots" / "residuals.csv", "actual,predicted\n2,2.5\n3,2\n")
    if isinstance(prepared.spec.outputs, ClassesSpec):
        shutil.rmtree(folder / "plots")
        names = np.array(prepared.spec.outputs.classes)[target]
        pairs = "".join(f"{name},{name}\n" for name in names)
        _write_text(folder / "plots" / "confusion.csv", f"actual,predicted\n{pairs}")
        _write_text(folder / "plots" / "roc.csv", f"fpr,tpr,class\n0,0,{names[0]}\n0,1,{names[0]}\n1,1,{names[0]}\n")
    pd.DataFrame({"row": rows["row"]}).to_parquet(folder / "predictions.parquet")
    write_json(folder / "metrics.json", dict(metrics))


def baselines(dataset: str, metrics: Mapping[str, Mapping[str, float]]) -> None:
    """Write what `baseline` writes, with these metrics."""
    write_json(paths.report("baseline", dataset) / "metrics.json", {name: dict(m) for name, m in metrics.items()})


def config_of(experiment: str) -> ExperimentConfig:
    """Read the declaration of an experiment."""
    return load_project().experiments[experiment]


def _people(rows: int = 300) -> RawData:
    random = np.random.default_rng(1)
    table = pd.DataFrame(
        {
            "age": random.integers(18, 90, rows),
            "children": np.where(random.random(rows) < 0.2, np.nan, random.integers(0, 5, rows)),
            "height": random.normal(170.0, 10.0, rows),
            "job": random.choice(["cook", "nurse", "pilot"], rows),
            "member": random.random(rows) < 0.5,
            "note": [f"person {i}" for i in range(rows)],
            "rich": random.choice(["no", "yes"], rows),
        }
    )
    return RawData(table)


def _digits(rows: int = 90) -> RawData:
    random = np.random.default_rng(2)
    images = random.integers(0, 256, (rows, 6, 6, 1), dtype=np.uint8)
    return RawData(pd.DataFrame({"label": [str(i % 3) for i in range(rows)]}), images)


def _write_yaml(file: str, content: dict[str, Any]) -> None:
    with Path(file).open("w") as out:
        YAML(typ="safe").dump(content, out)


def _write_text(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
