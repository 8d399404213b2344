"""Small prepared datasets, drawn from a fixed seed."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from safetensors.numpy import save_file

from remint.config.experiment import TrainerConfig
from remint.config.specs import CategorySpec, ClassesSpec, DataSpec, ImageSpec, NumberSpec, TabularSpec
from remint.data.module import PreparedDataModule
from remint.data.prepared import Prepared
from remint.files import write_json
from remint.models.base import build_network, model_config
from remint.tasks.base import task
from remint.training.fit import FitResult, fit

TABLE = TabularSpec(
    numeric=("age", "height", "weight"),
    categories=(CategorySpec(name="job", codes=4), CategorySpec(name="town", codes=6)),
)
IMAGES = ImageSpec(channels=1, height=8, width=8)
CLASSES = ClassesSpec(classes=("no", "yes"))
DIGITS = ClassesSpec(classes=("0", "1", "2"))
NUMBER = NumberSpec(mean=50.0, std=10.0)
FAMILIES: dict[str, dict[str, Any]] = {
    "linear": {"family": "linear"},
    "mlp": {"family": "mlp", "hidden": [32, 16]},
    "cnn": {"family": "cnn", "channels": [8, 8], "hidden": 32},
}


def write_prepared(folder: Path, spec: DataSpec, splits: dict[str, dict[str, np.ndarray]]) -> Prepared:
    """Write what `preprocess` writes, but for the preprocessor."""
    folder.mkdir(parents=True)
    for name, arrays in splits.items():
        save_file({key: np.ascontiguousarray(value) for key, value in arrays.items()}, folder / f"{name}.safetensors")
    sizes = [len(arrays["target"]) for arrays in splits.values()]
    rows = pd.DataFrame({"split": np.repeat(list(splits), sizes), "row": np.arange(sum(sizes))})
    rows.to_parquet(folder / "rows.parquet", index=False)
    write_json(folder / "spec.json", spec.model_dump(mode="json"))
    return Prepared(folder)


def table(folder: Path, train: int = 200, rest: int = 60, seed: int = 0) -> Prepared:
    """Give a table of two classes that a linear model tells apart fairly well."""
    spec = DataSpec(inputs=TABLE, outputs=CLASSES)
    return write_prepared(folder, spec, _splits(lambda n, r: _labelled(_table(n, r), r), train, rest, seed))


def numbers(folder: Path, train: int = 200, rest: int = 60, seed: int = 0) -> Prepared:
    """Give a table whose target is a linear function and some noise, of mean 50 and standard deviation 10."""
    spec = DataSpec(inputs=TABLE, outputs=NUMBER)
    return write_prepared(folder, spec, _splits(lambda n, r: _measured(_table(n, r), r), train, rest, seed))


def images(folder: Path, train: int = 200, rest: int = 60, seed: int = 0) -> Prepared:
    """Give images of three classes: a bright third, top, middle or bottom, under noise."""
    spec = DataSpec(inputs=IMAGES, outputs=DIGITS)
    return write_prepared(folder, spec, _splits(_images, train, rest, seed))


def dataset_for(family: str, folder: Path, train: int = 200, rest: int = 60) -> Prepared:
    """Give data that a family takes."""
    return (images if family == "cnn" else table)(folder, train, rest)


def trained(
    prepared: Prepared,
    model: dict[str, Any] | None = None,
    seed: int = 1,
    on_epoch: Any = lambda _: None,
    **trainer: Any,
) -> FitResult:
    """Build and fit a network with these settings; one thread unless told otherwise."""
    settings = TrainerConfig.model_validate({"threads": 1, "batch_size": 32, **trainer})
    network = build_network(model_config("test", model or FAMILIES["linear"]), prepared.spec, seed)
    name = "classification" if isinstance(prepared.spec.outputs, ClassesSpec) else "regression"
    data = PreparedDataModule(prepared, settings.batch_size, seed, settings.workers)
    return fit(data, network, task(name, prepared.spec.outputs), settings, seed, on_epoch)


def bits(result: FitResult) -> bytes:
    """Give all of a network's weights as bytes."""
    return b"".join(result.weights[name].numpy().tobytes() for name in sorted(result.weights))


def _splits(draw: Any, train: int, rest: int, seed: int) -> dict[str, dict[str, np.ndarray]]:
    random = np.random.default_rng(seed)
    return {name: draw(rows, random) for name, rows in (("train", train), ("val", rest), ("test", rest))}


def _table(rows: int, random: np.random.Generator) -> dict[str, np.ndarray]:
    codes = np.stack([random.integers(1, 4, rows), random.integers(1, 6, rows)], axis=1)
    return {"numeric": random.normal(size=(rows, 3)).astype(np.float32), "codes": codes}


def _score(arrays: dict[str, np.ndarray]) -> np.ndarray:
    towns = np.array([0.0, -1.0, 0.5, 1.0, 0.0, -0.5])
    return arrays["numeric"] @ np.array([1.0, -2.0, 0.5]) + towns[arrays["codes"][:, 1]]


def _labelled(arrays: dict[str, np.ndarray], random: np.random.Generator) -> dict[str, np.ndarray]:
    target = _score(arrays) + random.logistic(size=len(arrays["codes"])) > 0
    return {**arrays, "target": target.astype(np.int64)}


def _measured(arrays: dict[str, np.ndarray], random: np.random.Generator) -> dict[str, np.ndarray]:
    target = 50 + 4 * _score(arrays) + random.normal(size=len(arrays["codes"]))
    return {**arrays, "target": target.astype(np.float32)}


def _images(rows: int, random: np.random.Generator) -> dict[str, np.ndarray]:
    target = random.integers(0, 3, rows)
    image = random.integers(0, 120, (rows, 1, 8, 8))
    for row, label in enumerate(target):
        image[row, 0, 3 * label : 3 * label + 2] += 100
    return {"image": image.astype(np.uint8), "target": target}
