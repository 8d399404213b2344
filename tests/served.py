"""Small models of every modality as they are served, in the working directory; nothing is learned."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from ruamel.yaml import YAML

from remint import paths
from remint.config.load import load_project
from remint.data.prepared import Prepared
from remint.data.raw import RawData, write_raw
from remint.data.rows import rows_of
from remint.evaluation.predict import predict
from remint.evaluation.tables import prediction_table
from remint.files import read_json
from remint.models.store import load_network
from remint.registry.package import predictor_package
from remint.registry.predictor import Predictor, load_predictor
from remint.tracking.packaging import write_files
from tests import trained

NOTES: dict[str, Any] = {
    **trained.PEOPLE,
    "modality": "text",
    "schema": {
        "target": "kind",
        "columns": {
            "id": {"type": "integer", "role": "key"},
            "text": {"type": "text"},
            "kind": {"type": "category", "values": ["a", "b"]},
        },
    },
    "split": {"kind": "hash", "key": ["id"], "val": 0.2, "test": 0.3},
    "baselines": {},
    "evaluation": {},
}
TIDES: dict[str, Any] = {
    **NOTES,
    "modality": "series",
    "schema": {
        "target": "level",
        "columns": {
            "hour": {"type": "text", "role": "key"},
            "level": {"type": "float", "min": -10, "max": 10},
            "wind": {"type": "float", "missing": 0.1},
        },
    },
    "split": {"kind": "time", "column": "hour", "val": 0.2, "test": 0.3},
    "preprocessing": {"time": "hour", "step": "1h", "history": 6, "horizon": 3},
}
POEMS: dict[str, Any] = {
    **NOTES,
    "schema": {"target": "poem", "columns": {"poem": {"type": "text"}}},
    "split": {"kind": "hash", "val": 0.2, "test": 0.3},
    "preprocessing": {"tokenizer": "characters", "lowercase": False},
}
TASKS = {"notes": "classification", "tides": "forecasting", "poems": "language_modelling"}
MODELS = {
    "notes": {"family": "recurrent", "width": 8},
    "tides": {"family": "recurrent", "width": 8},
    "poems": {"family": "gpt", "layers": 1, "heads": 2, "width": 8},
}
EXPERIMENTS = {"people-mlp": "people", "houses-linear": "houses", "digits-cnn": "digits"} | {
    f"{name}-net": name for name in TASKS
}


def make_project() -> None:
    """Write the declarations of `tests.trained` with three datasets more, and raw and prepared data."""
    trained.make_project()
    from remint.stages import preprocess

    yaml = YAML(typ="safe")
    datasets, params = yaml.load(paths.DATASETS_FILE.read_text()), yaml.load(paths.PARAMS_FILE.read_text())
    datasets["datasets"] |= {"notes": NOTES, "tides": TIDES, "poems": POEMS}
    for name, task in TASKS.items():
        params["experiments"][f"{name}-net"] = {
            "dataset": name,
            "task": task,
            "model": MODELS[name],
            "trainer": {},
            "seed": 0,
        }
    for file, content in ((paths.DATASETS_FILE, datasets), (paths.PARAMS_FILE, params)):
        with file.open("w") as out:
            yaml.dump(content, out)
    for name, rows in (("notes", _notes()), ("tides", _tides()), ("poems", _poems())):
        write_raw(paths.raw(name), RawData(rows))
        keys = (
            load_project()
            .datasets[name]
            .model_dump(by_alias=True, include={"modality", "schema_", "split", "cleaning", "preprocessing"})
        )
        preprocess.run(name, preprocess.Section.model_validate(keys))


def packaged(experiment: str, folder: Path | None = None) -> Path:
    """Train, and write the folder that a predictor is loaded from."""
    trained.train(experiment)
    written = read_json(paths.model(experiment) / "fingerprint.json")
    folder = folder or Path("served", experiment)
    write_files(folder, predictor_package(experiment, EXPERIMENTS[experiment], written["parts"]["data"]))
    return folder


def loaded(experiment: str) -> Predictor:
    """Train, and load what is served."""
    return load_predictor(packaged(experiment))


def expected(experiment: str) -> pd.DataFrame:
    """Give what `evaluate` writes about the test split."""
    prepared = Prepared(paths.prepared(EXPERIMENTS[experiment]))
    network, spec, task = load_network(paths.model(experiment))
    arrays, rows = prepared.split("test"), prepared.rows("test")["row"].to_numpy()
    target = arrays.get("target", arrays.get("characters"))
    return prediction_table(rows, target, predict(network, rows_of(arrays, spec), task), spec.outputs)


def _notes(rows: int = 120) -> pd.DataFrame:
    random = np.random.default_rng(3)
    words = np.array(["sun", "rain", "wind", "snow", "fog", "ice"])
    texts = [" ".join(random.choice(words, random.integers(1, 30))) for _ in range(rows)]
    return pd.DataFrame({"id": np.arange(rows) + 1000, "text": texts, "kind": random.choice(["a", "b"], rows)})


def _tides(rows: int = 200) -> pd.DataFrame:
    random = np.random.default_rng(4)
    hours = pd.date_range("2024-01-01", periods=rows, freq="1h").strftime("%Y-%m-%d %H:%M")
    wind = np.where(random.random(rows) < 0.05, np.nan, random.normal(size=rows))
    return pd.DataFrame({"hour": hours, "level": np.sin(np.arange(rows) / 3), "wind": wind})


def _poems(rows: int = 60) -> pd.DataFrame:
    random = np.random.default_rng(5)
    return pd.DataFrame({"poem": ["".join(random.choice(list("abcde "), 20)).strip() + "." for _ in range(rows)]})
