"""Small projects with a `dvc.lock`, and origins made from them, without DVC."""

import hashlib
import json
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from ruamel.yaml import YAML
from safetensors.numpy import save_file

from remint.config.experiment import ExperimentConfig
from remint.files import write_json
from remint.provenance import fingerprint
from remint.registry import locked_stages
from remint.registry.making_origin import add_origin
from remint.registry.origin import Origin, read_origin

EXPERIMENT = {
    "dataset": "people",
    "task": "classification",
    "model": {"family": "linear"},
    "trainer": {"epochs": 2, "lr": 0.5, "threads": 1, "precision": "32"},
    "seed": 1,
}
SOURCE = {
    "files": {"people.csv": {"sha256": "0" * 64, "from": [{"kind": "file", "path": "raw/people.csv"}]}},
    "format": {"kind": "csv"},
}
CODE = {
    "ingest": "src/remint/formats",
    "validate": "src/remint/validate.py",
    "preprocess": "src/remint/split.py",
    "train": "src/remint/models/linear.py",
    "evaluate": "src/remint/metrics.py",
}
"Stage to the code that it depends on."


def make_project(root: Path) -> None:
    """Write declarations, code, data and `dvc.lock` of an experiment `tiny` on a dataset `people`."""
    dump(root / "params.yaml", {"experiments": {"tiny": EXPERIMENT}})
    dump(root / "datasets.yaml", {"datasets": {"people": {"source": SOURCE, "split": {"kind": "hash", "val": 0.1}}}})
    (root / "pyproject.toml").write_text('[project]\nname = "remint"\ndependencies = ["numpy>=1", "ruamel.yaml"]\n')
    (root / ".gitignore").write_text("/data/\n/.remint/\n/mlruns/\n/raw/\n")
    for place in ("src/remint/formats/csv.py", "src/remint/formats/__pycache__/csv.pyc", *list(CODE.values())[1:]):
        (root / place).parent.mkdir(parents=True, exist_ok=True)
        (root / place).write_text(f"# {place}\nVALUE = 1\n")
    _write_data(root)
    lock(root)


def dump(file: Path, content: dict[str, Any]) -> None:
    """Write YAML."""
    with file.open("w") as out:
        YAML(typ="safe", pure=True).dump(content, out)


def edit(file: Path, old: str, new: str) -> None:
    """Replace a text in a file that holds it."""
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new))


def commit(root: Path) -> str:
    """Commit everything; give the commit's id."""
    git(root, "init", "-q", "-b", "main")
    git(root, "add", "-A")
    git(root, "commit", "-q", "--allow-empty", "-m", "test")
    return git(root, "rev-parse", "HEAD").strip()


def git(root: Path, *arguments: str) -> str:
    """Run git."""
    command = ["git", "-c", "user.name=t", "-c", "user.email=t@t", *arguments]
    return subprocess.run(command, cwd=root, check=True, capture_output=True, text=True).stdout


def make_origin(folder: Path) -> Origin:
    """Give the origin of the experiment in the working directory, written to a folder."""
    add_origin(folder, "tiny", ExperimentConfig.model_validate(EXPERIMENT))
    return read_origin(folder)


def lock(root: Path) -> None:
    """Write `dvc.lock` as DVC would after running the stages."""
    outs = {
        "ingest": ["data/raw/people"],
        "validate": ["data/reports/validate/people"],
        "preprocess": ["data/prepared/people"],
        "train": ["data/models/tiny", "data/reports/train/tiny/history.csv"],
        "evaluate": ["data/reports/evaluate/tiny/metrics.json", "data/reports/evaluate/tiny/predictions.parquet"],
    }
    deps = {
        "validate": outs["ingest"],
        "preprocess": outs["ingest"] + outs["validate"],
        "train": outs["preprocess"],
        "evaluate": [outs["train"][0], *outs["preprocess"]],
    }
    own = {f"experiments.tiny.{name}": value for name, value in EXPERIMENT.items()}
    split = {"datasets.yaml": {"datasets.people.split": {"kind": "hash", "val": 0.1}}}
    params = {
        "ingest": {"datasets.yaml": {"datasets.people.source": SOURCE}},
        "validate": split,
        "preprocess": split,
        "train": {"params.yaml": own},
        "evaluate": {"params.yaml": {"experiments.tiny.task": "classification"}},
    }
    stages = {}
    for kind, code in CODE.items():
        name = "tiny" if kind in ("train", "evaluate") else "people"
        paths = {"deps": [*deps.get(kind, []), code], "outs": outs[kind]}
        entries = {what: [_entry(root, path) for path in places] for what, places in paths.items()}
        stages[f"{kind}@{name}"] = {"cmd": f"remint stage {kind} {name}", "params": params[kind], **entries}
    stages["baseline@people"] = {"cmd": "remint stage baseline people", "deps": [], "outs": []}
    yaml = YAML()
    yaml.indent(mapping=2, sequence=2, offset=0)
    with (root / "dvc.lock").open("w") as out:
        yaml.dump({"schema": "2.0", "stages": json.loads(json.dumps(stages))}, out)  # no aliases


def _entry(root: Path, path: str) -> dict[str, str]:
    return {"path": path, "hash": "md5", "md5": locked_stages._md5(root / path)}


def _write_data(root: Path) -> None:
    rows = pd.DataFrame({"age": np.arange(300), "job": ["cook", "nurse", "pilot"] * 100})
    for place in ("raw/people", "prepared/people", "models/tiny", "reports/validate/people", "reports/train/tiny"):
        (root / "data" / place).mkdir(parents=True)
    evaluation = root / "data/reports/evaluate/tiny"
    evaluation.mkdir(parents=True)
    rows.to_parquet(root / "data/raw/people/rows.parquet")
    save_file({"numeric": np.ones((300, 2), np.float32)}, root / "data/prepared/people/train.safetensors")
    (root / "data/prepared/people/preprocessor.json").write_text("{}\n")
    save_file({"weight": np.ones((2, 2), np.float32)}, root / "data/models/tiny/weights.safetensors")
    (root / "data/reports/validate/people/report.json").write_text('{"rows": 300}\n')
    (root / "data/reports/train/tiny/history.csv").write_text("epoch,val_loss\n1,0.5\n")
    write_json(evaluation / "metrics.json", {"accuracy": 0.8, "log_loss": 0.5})
    pd.DataFrame({"row": [0, 1], "probability": [0.25, 0.5]}).to_parquet(evaluation / "predictions.parquet")
    trained = fingerprint([], EXPERIMENT, [])
    trained["parts"]["data"] = {"data/prepared/people": hashlib.sha256(b"data").hexdigest()}
    write_json(root / "data/models/tiny/fingerprint.json", trained)
