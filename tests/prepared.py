"""Small prepared datasets, drawn from a fixed seed."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from safetensors.numpy import save_file

from remint.config.experiment import TrainerConfig
from remint.config.specs import (
    BEGIN,
    END,
    CategorySpec,
    ClassesSpec,
    DataSpec,
    ImageSpec,
    NumberSpec,
    NumbersSpec,
    SeriesSpec,
    TabularSpec,
    TextSpec,
    TokensSpec,
)
from remint.data.module import PreparedDataModule
from remint.data.prepared import Prepared
from remint.data.rows import Batch, rows_of
from remint.files import write_json
from remint.models.base import build_network, model_config
from remint.tasks.base import Task, task
from remint.training.fit import FitResult, fit

TABLE = TabularSpec(
    numeric=("age", "height", "weight"),
    categories=(CategorySpec(name="job", codes=4), CategorySpec(name="town", codes=6)),
)
IMAGES = ImageSpec(channels=1, height=8, width=8)
CLASSES = ClassesSpec(classes=("no", "yes"))
DIGITS = ClassesSpec(classes=("0", "1", "2"))
NUMBER = NumberSpec(mean=50.0, std=10.0)
TINY_BERT = {
    "model_type": "bert",
    "vocab_size": 24,
    "hidden_size": 16,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 32,
    "max_position_embeddings": 32,
    "hidden_dropout_prob": 0.0,
    "attention_probs_dropout_prob": 0.0,
}
TEXTS = TextSpec(vocabulary=24, length=16, pretrained=TINY_BERT)
SERIES = SeriesSpec(features=("load", "heat"), history=12, horizon=3)
NUMBERS = NumbersSpec(mean=10.0, std=2.0, size=3)
TOKENS = TokensSpec(vocabulary=24)
RATINGS = TabularSpec(numeric=(), categories=(CategorySpec(name="user", codes=9), CategorySpec(name="film", codes=7)))
FAMILIES: dict[str, dict[str, Any]] = {
    "linear": {"family": "linear"},
    "mlp": {"family": "mlp", "hidden": [32, 16]},
    "cnn": {"family": "cnn", "blocks": [[8, 8]], "hidden": 32},
    "resnet": {"family": "resnet", "widths": [8, 16], "blocks": 1},
    "inception": {"family": "inception", "stem": 8, "stages": [[16], [24]]},
    "recurrent": {"family": "recurrent", "width": 16},
    "transformer": {"family": "transformer", "width": 16, "heads": 2, "layers": 1},
    "gpt": {"family": "gpt", "width": 16, "heads": 2, "layers": 1},
    "bert": {"family": "bert", "freeze_embeddings": False},
    "factorisation": {"family": "factorisation", "factors": 4},
}
"A small network of each family."


def write_prepared(folder: Path, spec: DataSpec, splits: dict[str, dict[str, np.ndarray]]) -> Prepared:
    """Write what `preprocess` writes, but for the preprocessor."""
    folder.mkdir(parents=True)
    for name, arrays in splits.items():
        save_file({key: np.ascontiguousarray(value) for key, value in arrays.items()}, folder / f"{name}.safetensors")
    sizes = [len(arrays["target"] if "target" in arrays else arrays["characters"]) for arrays in splits.values()]
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


def texts(folder: Path, train: int = 200, rest: int = 60, seed: int = 0) -> Prepared:
    """Give texts of three classes: one word out of three tells, among others that say nothing."""
    spec = DataSpec(inputs=TEXTS, outputs=DIGITS)
    return write_prepared(folder, spec, _splits(_texts, train, rest, seed))


def language(folder: Path, train: int = 200, rest: int = 60, seed: int = 0) -> Prepared:
    """Give texts in which each token is the one before it plus one, so that all but the first can be known."""
    spec = DataSpec(inputs=TEXTS.model_copy(update={"pretrained": None}), outputs=TOKENS)
    return write_prepared(folder, spec, _splits(_counting, train, rest, seed))


def series(folder: Path, train: int = 200, rest: int = 60, seed: int = 0) -> Prepared:
    """Give windows of a wave with some noise."""
    return write_prepared(folder, DataSpec(inputs=SERIES, outputs=NUMBERS), _splits(_windows, train, rest, seed))


def ratings(folder: Path, train: int = 200, rest: int = 60, seed: int = 0) -> Prepared:
    """Give a number for each pair of codes: two biases and a product."""
    return write_prepared(folder, DataSpec(inputs=RATINGS, outputs=NUMBER), _splits(_ratings, train, rest, seed))


_DATA = {
    **dict.fromkeys(("cnn", "resnet", "inception"), images),
    **dict.fromkeys(("recurrent", "transformer", "bert"), texts),
    "gpt": language,
    "factorisation": ratings,
}
_TASKS = {
    "classes": "classification",
    "number": "regression",
    "numbers": "forecasting",
    "tokens": "language_modelling",
}


def dataset_for(family: str, folder: Path, train: int = 200, rest: int = 60) -> Prepared:
    """Give data that a family takes."""
    return _DATA.get(family, table)(folder, train, rest)


def task_of(prepared: Prepared) -> Task:
    """Give the task that the outputs call for."""
    return task(_TASKS[prepared.spec.outputs.kind], prepared.spec.outputs)


def batch_of(prepared: Prepared, rows: int = 60, split: str = "test") -> Batch:
    """Give the first rows of a split as a batch."""
    return rows_of(prepared.split(split), prepared.spec).batch(torch.arange(rows))


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
    data = PreparedDataModule(prepared, settings.batch_size, seed, settings.workers)
    return fit(data, network, task_of(prepared), settings, seed, on_epoch)


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


def _texts(rows: int, random: np.random.Generator) -> dict[str, np.ndarray]:
    target = random.integers(0, 3, rows)
    texts = [random.integers(8, 24, random.integers(3, 12)) for _ in range(rows)]
    for text, label in zip(texts, target, strict=True):
        text[random.integers(0, len(text))] = 4 + label
    return {**_ragged(texts), "target": target}


def _counting(rows: int, random: np.random.Generator) -> dict[str, np.ndarray]:
    return _ragged([4 + (random.integers(0, 20) + np.arange(random.integers(3, 12))) % 20 for _ in range(rows)])


def _ragged(texts: list[np.ndarray]) -> dict[str, np.ndarray]:
    framed = [np.concatenate([[BEGIN], text, [END]]).astype(np.int32) for text in texts]
    lengths = np.array([len(text) for text in framed])
    offsets = np.concatenate([[0], lengths.cumsum()])
    return {"tokens": np.concatenate(framed), "offsets": offsets, "characters": lengths - 1}


def _windows(rows: int, random: np.random.Generator) -> dict[str, np.ndarray]:
    steps = np.arange(rows + SERIES.history + SERIES.horizon)
    wave = np.sin(steps / 2) + 0.1 * random.normal(size=len(steps))
    starts = np.arange(rows)
    places = (starts + SERIES.history)[:, None] + np.arange(SERIES.horizon)
    features = np.stack([wave, np.cos(steps / 2)], axis=1).astype(np.float32)
    return {"series": features, "starts": starts, "target": (10 + 2 * wave[places]).astype(np.float32)}


def _ratings(rows: int, random: np.random.Generator) -> dict[str, np.ndarray]:
    codes = np.stack([random.integers(1, 9, rows), random.integers(1, 7, rows)], axis=1)
    users, films = np.linspace(-1, 1, 9)[codes[:, 0]], np.linspace(1, -1, 7)[codes[:, 1]]
    target = 50 + 8 * (users + films) + 8 * users * films
    return {"numeric": np.zeros((rows, 0), np.float32), "codes": codes, "target": target.astype(np.float32)}
