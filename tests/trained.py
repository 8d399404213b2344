"""Small projects in the working directory, trained without training: for tests of what comes after it."""

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from ruamel.yaml import YAML

from remint import paths
from remint.config.evaluation import EvaluationConfig
from remint.config.experiment import ExperimentConfig
from remint.config.load import load_project
from remint.config.specs import ClassesSpec
from remint.data.prepared import Prepared
from remint.data.raw import RawData, write_raw
from remint.evaluation.bootstrap import intervals
from remint.evaluation.calibration import calibration_findings
from remint.evaluation.scored import Scored
from remint.evaluation.slices import slice_findings
from remint.evaluation.tables import prediction_table
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
    "evaluation": {"slices": {"job": {"column": "job"}}, "smallest_slice": 10, "replicates": 200},
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


def evaluate(
    experiment: str,
    metrics: Mapping[str, float],
    findings: Mapping[str, Any] | None = None,
    right: np.ndarray | None = None,
) -> None:
    """Write what `evaluate` writes, with these metrics and findings (of those not given, sensible ones).

    Of classes: `right` tells which test rows are predicted rightly (bool, N); none given: as many as the accuracy says,
    those of a lower accuracy among those of a higher one.
    """
    config = load_project().experiments[experiment]
    prepared = Prepared(paths.prepared(config.dataset))
    rows, target, outputs = prepared.rows("test"), prepared.split("test")["target"], prepared.spec.outputs
    folder = paths.report("evaluate", experiment)
    _write_text(folder / "plots" / "residuals.csv", "actual,predicted\n2,2.5\n3,2\n")
    predicted = {"value": target + metrics.get("rmse", 1.0)}
    if isinstance(outputs, ClassesSpec):
        shutil.rmtree(folder / "plots")
        names = np.array(outputs.classes)[target]
        pairs = "".join(f"{name},{name}\n" for name in names)
        _write_text(folder / "plots" / "confusion.csv", f"actual,predicted\n{pairs}")
        _write_text(folder / "plots" / "roc.csv", f"fpr,tpr,class\n0,0,{names[0]}\n0,1,{names[0]}\n1,1,{names[0]}\n")
        right = first_right(len(rows), metrics.get("accuracy", 0.7)) if right is None else right
        predicted = {"probabilities": probabilities(target, outputs.size, right)}
    table = prediction_table(rows["row"].to_numpy(), target, predicted, outputs)
    table.to_parquet(folder / "predictions.parquet", engine="pyarrow", index=False)
    write_json(folder / "metrics.json", dict(metrics))
    evaluation = load_project().datasets[config.dataset].evaluation
    scored = Scored(config.task, prepared.spec, prepared.split("test"), rows, target, predicted)
    for name, content in {**_findings(scored, evaluation), **(findings or {})}.items():
        if content is not None:
            write_json(folder / "findings" / f"{name}.json", content)


def first_right(rows: int, share: float) -> np.ndarray:
    """Mark a share of the rows, always the same ones first."""
    return np.random.default_rng(3).permutation(rows) < round(share * rows)


def probabilities(target: np.ndarray, classes: int, right: np.ndarray) -> np.ndarray:
    """Give probabilities (N×classes) , the largest the target's where `right` says so, else the next one's."""
    chosen = np.where(right, target, (target + 1) % classes)
    return np.where(np.eye(classes, dtype=bool)[chosen], 0.7, 0.3 / (classes - 1))


def _findings(scored: Scored, evaluation: EvaluationConfig) -> dict[str, Any]:
    """Findings as `evaluate` computes them where that is quick, else such as no gate objects to."""
    rows = len(scored)
    features = [{"feature": "age", "strength": 0.3}, {"feature": "job", "strength": 0.1}]
    duplicates = {"exact": 0, "near": 0, "rows": rows, "share": 0.0}
    sanity = {"duplicates": {"test_in_train": duplicates, "val_in_train": duplicates, "examples": []}}
    constant = {"accuracy": 0.2, "log_loss": 2.0, "rmse": 1000.0}
    found = {
        "intervals": intervals(scored, evaluation.replicates),
        "slices": slice_findings(scored, evaluation, None),
        "sanity": {**sanity, "single_features": features, "constant": constant},
    }
    return found | ({"calibration": calibration_findings(scored, evaluation.replicates)} if scored.classes else {})


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
