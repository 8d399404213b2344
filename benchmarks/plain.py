"""The starter's work in one plain script: one process, the same libraries, nothing of remint.

The competitor of `remint run` in `overhead.py`. Reads the two raw files, puts the categories back together, validates
with Great Expectations, splits by hash, preprocesses, fits the scikit-learn baselines, trains the three networks with
Lightning, computes test metrics, draws confusion matrix, ROC and loss curves, records everything in a fresh MLflow
store (SQLite) and registers each network as a pyfunc with the alias `champion`. What the numbers are (epochs, batch
size, optimizer, …) is read from `datasets.yaml` and `params.yaml`; the networks and the steps are written out here.
It keeps no intermediate data, knows nothing of what is stale, and cannot promise the same bits twice.
"""
# The environment must be set before the libraries are imported.
# ruff: noqa: E402

import gc
import os
import time

gc.disable()  # with gc.freeze below: a second less for the imports, two less at the end of the process
STARTED = time.perf_counter()
os.environ.update(
    DO_NOT_TRACK="1",
    GX_ANALYTICS_ENABLED="false",
    MLFLOW_DISABLE_TELEMETRY="true",
    MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR="false",
    MLFLOW_LOGGING_LEVEL="ERROR",
    MLFLOW_UV_AUTO_DETECT="false",
)

import argparse
import hashlib
import json
import logging
import math
import subprocess
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

import great_expectations as gx
import great_expectations.expectations as gxe
import mlflow
import mlflow.pyfunc
import numpy as np
import pandas as pd
import pytorch_lightning as pl
import torch
from great_expectations.data_context.types.base import ProgressBarsConfig
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from mlflow import MlflowClient
from mlflow.entities import Dataset, DatasetInput, InputTag, Metric, Param
from mlflow.models import ModelSignature
from mlflow.types.schema import ColSpec, Schema, TensorSpec
from ruamel.yaml import YAML
from sklearn import metrics as scores
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from threadpoolctl import threadpool_limits
from torch import Tensor, nn
from torch.nn import functional

EXAMPLE = """\
examples:
  python benchmarks/plain.py
  python benchmarks/plain.py --raw ~/downloads --out /tmp/plain
"""
TRAINER = {"l2": 0.0, "precision": "32", "threads": 2, "channels_last": False, "schedule": {"name": "constant"}}
TRAINER_KEYS = {*TRAINER, "epochs", "batch_size", "optimizer", "lr"}
"What this script can do of an experiment's `trainer`; it stops at anything else, to stay comparable."
EVALUATION_BATCH = 512
THREADS = 1
"Of scikit-learn, as in `remint.evaluation.baselines`: a second one gains nothing on data of this size."
SPLITS = ("train", "val", "test")
PACKAGES = ("mlflow", "numpy", "pandas", "pytorch-lightning", "scikit-learn", "torch")
COLOURS = ("#1f77b4", "#e4572e", "#2a9d5c", "#8e63ce", "#c79a00", "#17a2b8", "#d65fa5", "#6b6b6b", "#7a5c3e", "#9bbf30")

Config = dict[str, Any]


@dataclass
class Clock:
    """Seconds of each step."""

    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        begin = time.perf_counter()
        yield
        self.seconds[name] = self.seconds.get(name, 0.0) + time.perf_counter() - begin


@dataclass
class Data:
    """A prepared dataset."""

    name: str
    digest: str
    classes: list[str]
    preprocessor: "TablePreprocessor | ImagePreprocessor"
    inputs: dict[str, Tensor]
    "Split to float32: N×D, or N×C×H×W."
    targets: dict[str, Tensor]
    rows: dict[str, np.ndarray]
    "Split to raw row numbers."
    signature: ModelSignature


# Reading


def read(path: Path, form: Config, compression: str) -> tuple[pd.DataFrame, np.ndarray | None]:
    """Read a raw file: rows and, where the format says so, images."""
    if form["kind"] == "csv-images":
        return read_images(path, form, compression)
    return read_table(path, form, compression), None


def read_table(path: Path, form: Config, compression: str) -> pd.DataFrame:
    """Read the table; one-hot columns become the categories that they were made from."""
    raw = pd.read_csv(path, compression=compression, low_memory=False)
    columns: dict[str, Any] = {}
    for name in raw.columns:
        prefix = next((p for p in form["one_hot"] if name.startswith(f"{p}_")), None)
        if prefix is None:
            columns[name] = raw[name]
        elif prefix not in columns:
            columns[prefix] = from_one_hot(raw, prefix)
    return pd.DataFrame(columns)


def from_one_hot(raw: pd.DataFrame, prefix: str) -> pd.Series:
    members = [name for name in raw.columns if name.startswith(f"{prefix}_")]
    marks = raw[members].to_numpy(dtype=np.int8)
    if (marks.sum(axis=1) != 1).any() or not np.isin(marks, (0, 1)).all():
        raise SystemExit(f"{prefix}: some rows do not hold exactly one 1")
    return pd.Series(pd.Categorical.from_codes(marks.argmax(axis=1), [name[len(prefix) + 1 :] for name in members]))


def read_images(path: Path, form: Config, compression: str) -> tuple[pd.DataFrame, np.ndarray]:
    """Read labels as text, and images as uint8 N×H×W."""
    values = pd.read_csv(path, compression=compression, header=None, dtype=np.uint8).to_numpy()
    label = form["label"] % values.shape[1]
    pixels = np.ascontiguousarray(np.delete(values, label, axis=1))
    labels = pd.DataFrame({"label": pd.Series(values[:, label].astype(str), dtype="category")})
    return labels, pixels.reshape(-1, form["height"], form["width"])


# Splitting and validating


def split_rows(rows: pd.DataFrame, images: np.ndarray | None, split: Config) -> np.ndarray:
    """Give each row its split by the hash of its content."""
    if images is None:
        columns = [rows[name].astype(str).tolist() for name in rows.columns]
        contents: Any = ("\x1f".join(row).encode() for row in zip(*columns, strict=True))
    else:
        contents = (image.tobytes() for image in images)
    digests = b"".join(hashlib.blake2b(content, digest_size=8).digest() for content in contents)
    positions = np.frombuffer(digests, dtype=">u8").astype(np.float64) / 2.0**64
    test, val = split["test"], split["val"]
    return np.select([positions < test, positions < test + val], ["test", "val"], "train")


def validate(
    context: Any, name: str, dataset: Config, rows: pd.DataFrame, images: np.ndarray | None, splits: np.ndarray
) -> Config:
    """Run the dataset's suite; stop where an expectation fails."""
    derived = derived_columns(dataset, rows, images, splits)
    frame = rows.assign(**derived)
    suite = gx.ExpectationSuite(name, expectations=list(expectations(dataset, frame, list(derived))))
    asset = context.data_sources.add_pandas(name).add_dataframe_asset(name)
    batch = asset.add_batch_definition_whole_dataframe(name).get_batch({"dataframe": frame})
    result = batch.validate(suite, result_format={"result_format": "SUMMARY", "partial_unexpected_count": 5})
    if not result.success:
        failed = [r.expectation_config.to_json_dict() for r in result.results if not r.success]
        raise SystemExit(f"{name}: {json.dumps(failed, indent=2)}")
    return result.to_json_dict()


def gx_context() -> Any:
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = ProgressBarsConfig(globally=False)
    return context


def derived_columns(
    dataset: Config, rows: pd.DataFrame, images: np.ndarray | None, splits: np.ndarray
) -> dict[str, Any]:
    """Give what expectations look at beside the raw columns."""
    if images is None:
        contents = pd.util.hash_pandas_object(rows, index=False)
    else:
        contents = pd.Series([hashlib.blake2b(image, digest_size=8).hexdigest() for image in images])
    in_train = contents.isin(contents[splits == "train"]).to_numpy()
    numeric = [n for n, c in dataset["schema"]["columns"].items() if c["type"] in ("integer", "float")]
    target = rows[dataset["schema"]["target"]]
    columns: dict[str, Any] = {
        "(repeats)": contents.duplicated().to_numpy(),
        "(split)": splits,
        **{f"({split} row in train)": np.where(splits == split, in_train, False) for split in ("val", "test")},
        **{f"({name} finite)": np.isfinite(rows[name].to_numpy()) for name in numeric},
        **{
            f"(is {value})": (target == value).astype(float) for value in dataset["expectations"].get("class_share", {})
        },
    }
    if images is not None:
        flat = images.reshape(len(images), -1)
        darkest, brightest = flat.min(axis=1), flat.max(axis=1)
        columns |= {"(darkest)": darkest, "(brightest)": brightest, "(blank)": darkest == brightest}
        columns |= {"(readable)": True, "(channels)": 1, "(height)": images.shape[1], "(width)": images.shape[2]}
    return columns


def expectations(dataset: Config, frame: pd.DataFrame, derived: list[str]) -> Iterator[Any]:
    """Give the suite: of the dataset, its splits, its columns, its images."""
    schema, expected = dataset["schema"], dataset["expectations"]
    limits = expected["rows"]
    yield gxe.ExpectTableRowCountToBeBetween(min_value=limits.get("min"), max_value=limits.get("max"))
    yield gxe.ExpectTableColumnsToMatchSet(column_set=[*schema["columns"], *derived], exact_match=True)
    tolerated = 1 - expected.get("duplicates", 0.0)
    yield gxe.ExpectColumnValuesToBeInSet(column="(repeats)", value_set=[False], mostly=tolerated)
    yield gxe.ExpectColumnUniqueValueCountToBeBetween(column=schema["target"], min_value=2)
    for value, share in expected.get("class_share", {}).items():
        yield gxe.ExpectColumnMeanToBeBetween(column=f"(is {value})", min_value=share["min"], max_value=share["max"])
    yield gxe.ExpectColumnDistinctValuesToContainSet(column="(split)", value_set=list(SPLITS))
    for split in ("test", "val"):
        yield gxe.ExpectColumnValuesToBeInSet(column=f"({split} row in train)", value_set=[False])
    for name, column in schema["columns"].items():
        yield from column_expectations(name, column, str(frame[name].dtype))
    if "images" in expected:
        yield from image_expectations(expected["images"])


def column_expectations(name: str, column: Config, dtype: str) -> Iterator[Any]:
    yield gxe.ExpectColumnToExist(column=name)
    yield gxe.ExpectColumnValuesToNotBeNull(column=name)
    if column["type"] in ("integer", "float"):
        yield gxe.ExpectColumnValuesToBeOfType(column=name, type_=dtype)
        yield gxe.ExpectColumnValuesToBeInSet(column=f"({name} finite)", value_set=[True])
    if "min" in column or "max" in column:
        yield gxe.ExpectColumnValuesToBeBetween(column=name, min_value=column.get("min"), max_value=column.get("max"))
    if "values" in column:
        yield gxe.ExpectColumnValuesToBeInSet(column=name, value_set=column["values"])


def image_expectations(images: Config) -> Iterator[Any]:
    yield gxe.ExpectColumnValuesToBeInSet(column="(readable)", value_set=[True])
    for side in ("channels", "height", "width"):
        yield gxe.ExpectColumnValuesToBeBetween(column=f"({side})", min_value=images[side], max_value=images[side])
    yield gxe.ExpectColumnValuesToBeBetween(column="(darkest)", min_value=0)
    yield gxe.ExpectColumnValuesToBeBetween(column="(brightest)", max_value=255)
    yield gxe.ExpectColumnValuesToBeInSet(column="(blank)", value_set=[False])


# Preprocessing


@dataclass
class NumericColumn:
    name: str
    log: bool
    fill: float
    mean: float
    std: float


@dataclass
class TablePreprocessor:
    """Standardised numbers, then a column a category value: float32, N×D."""

    numeric: list[NumericColumn]
    categories: dict[str, list[str]]

    def transform(self, frame: pd.DataFrame) -> np.ndarray:
        width = len(self.numeric) + sum(map(len, self.categories.values()))
        out = np.zeros((len(frame), width), dtype=np.float32)
        for i, column in enumerate(self.numeric):
            values = numbers(frame[column.name], column.log)
            out[:, i] = (np.where(np.isnan(values), column.fill, values) - column.mean) / column.std
        start, all_rows = len(self.numeric), np.arange(len(frame))
        for name, values in self.categories.items():
            codes = pd.Index(values).get_indexer(frame[name])
            out[all_rows[codes >= 0], start + codes[codes >= 0]] = 1
            start += len(values)
        return out


@dataclass
class ImagePreprocessor:
    """Images scaled to 0…1: float32, N×1×H×W."""

    height: int
    width: int

    def transform(self, images: np.ndarray) -> np.ndarray:
        return images.reshape(len(images), 1, self.height, self.width).astype(np.float32) / np.float32(255)


def fit_table(dataset: Config, train: pd.DataFrame) -> TablePreprocessor:
    """Fit on the train split; declared values of a category are all known."""
    numeric, categories = [], {}
    for name, column in features(dataset).items():
        if column["type"] in ("integer", "float"):
            log = name in dataset["preprocessing"].get("log", [])
            values = numbers(train[name], log)
            fill = float(np.nanmedian(values))
            filled = np.where(np.isnan(values), fill, values)
            numeric.append(NumericColumn(name, log, fill, float(filled.mean()), float(filled.std()) or 1.0))
        else:
            categories[name] = column.get("values") or sorted(train[name].unique())
    return TablePreprocessor(numeric, categories)


def features(dataset: Config) -> Config:
    schema = dataset["schema"]
    return {n: c for n, c in schema["columns"].items() if n != schema["target"] and c.get("role") != "ignored"}


def numbers(column: pd.Series, log: bool) -> np.ndarray:
    values = column.to_numpy(dtype=np.float64, na_value=np.nan)
    return np.log1p(values) if log else values


def prepare(name: str, dataset: Config, digest: str, rows: pd.DataFrame, images: Any, splits: np.ndarray) -> Data:
    """Turn rows and images into tensors, a pair a split."""
    target = dataset["schema"]["target"]
    classes = list(dataset["schema"]["columns"][target]["values"])
    index = {split: np.flatnonzero(splits == split) for split in SPLITS}
    if images is None:
        preprocessor: Any = fit_table(dataset, rows.iloc[index["train"]])
        columns = [ColSpec("long" if c["type"] == "integer" else "string", n) for n, c in features(dataset).items()]
        raw, taken = rows, Schema(columns)
    else:
        preprocessor = ImagePreprocessor(*images.shape[1:])
        raw, taken = images, Schema([TensorSpec(np.dtype("uint8"), (-1, *images.shape[1:], 1))])
    inputs = torch.from_numpy(preprocessor.transform(raw))
    targets = torch.from_numpy(pd.Categorical(rows[target], categories=classes).codes.astype(np.int64))
    given = Schema([ColSpec("string", "prediction"), *(ColSpec("double", f"p_{value}") for value in classes)])
    return Data(
        name,
        digest,
        classes,
        preprocessor,
        {split: inputs[torch.from_numpy(rows_)] for split, rows_ in index.items()},
        {split: targets[torch.from_numpy(rows_)] for split, rows_ in index.items()},
        index,
        ModelSignature(taken, given),
    )


# Networks and training


class CNN(nn.Module):
    """3×3 convolutions, a 2×2 max-pooling, a dense layer."""

    def __init__(self, shape: tuple[int, ...], channels: list[int], hidden: int, classes: int, dropout: float) -> None:
        super().__init__()
        before = (shape[0], *channels[:-1])
        self.convolutions = nn.ModuleList(nn.Conv2d(a, b, 3) for a, b in zip(before, channels, strict=True))
        height, width = ((side - 2 * len(channels)) // 2 for side in shape[1:])
        self.dense = nn.Linear(channels[-1] * height * width, hidden)
        self.output = nn.Linear(hidden, classes)
        self.drop_pooled, self.drop_dense = nn.Dropout(dropout / 2), nn.Dropout(dropout)

    def forward(self, x: Tensor) -> Tensor:
        for convolution in self.convolutions:
            x = torch.relu(convolution(x))
        x = self.drop_pooled(functional.max_pool2d(x, 2)).flatten(1)
        return self.output(self.drop_dense(torch.relu(self.dense(x))))


def build_network(model: Config, shape: tuple[int, ...], classes: int) -> nn.Module:
    """Build the network of an experiment's `model` section for inputs of a shape."""
    dropout = model.get("dropout", 0.0)
    if model["family"] == "linear":
        return nn.Linear(shape[0], classes)
    if model["family"] == "cnn":
        return CNN(shape, model["blocks"][0], model["hidden"], classes, dropout)
    layers: list[nn.Module] = []
    for before, after in zip((shape[0], *model["hidden"]), model["hidden"], strict=False):
        layers += [nn.Linear(before, after), nn.ReLU(), nn.Dropout(dropout)]
    return nn.Sequential(*layers, nn.Linear(model["hidden"][-1], classes))


class Batches:
    """Batches gathered from tensors in memory, one call each; shuffled where asked."""

    def __init__(self, inputs: Tensor, targets: Tensor, size: int, shuffled: bool) -> None:
        self.inputs, self.targets, self.size, self.shuffled = inputs, targets, size, shuffled

    def __len__(self) -> int:
        return math.ceil(len(self.targets) / self.size)

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor]]:
        if not self.shuffled:
            return zip(self.inputs.split(self.size), self.targets.split(self.size), strict=True)
        order = torch.randperm(len(self.targets)).split(self.size)
        return ((self.inputs[rows], self.targets[rows]) for rows in order)


def rate_factor(schedule: str, step: int, steps: int) -> float:
    """Give the learning rate of a step as a share of its peak; one-cycle as torch's OneCycleLR."""

    def cosine(start: float, end: float, share: float) -> float:
        return end + (start - end) * (1 + math.cos(math.pi * share)) / 2

    if schedule == "cosine":
        return cosine(1, 0, step / steps)
    if schedule == "one-cycle":
        peak = 0.3 * steps - 1
        return cosine(1 / 25, 1, step / peak) if step <= peak else cosine(1, 4e-6, (step - peak) / (steps - 1 - peak))
    if schedule == "constant":
        return 1.0
    raise SystemExit(f"params.yaml asks for what this script does not do: schedule {schedule}")


class Training(pl.LightningModule):
    """Manual optimization, since Lightning's automatic one costs more a step; figures are read once an epoch."""

    def __init__(self, network: nn.Module, trainer: Config, steps_per_epoch: int) -> None:
        super().__init__()
        self.automatic_optimization = False
        self.network, self.settings = network, trainer
        self.steps = trainer["epochs"] * steps_per_epoch
        self.history: list[dict[str, float]] = []
        self.step, self.losses, self.sizes, self.validated = 0, [], [], []

    def configure_optimizers(self) -> torch.optim.Optimizer:
        weights = [p for p in self.network.parameters() if p.ndim > 1]
        biases = [p for p in self.network.parameters() if p.ndim <= 1]
        groups = [{"params": weights, "weight_decay": self.settings.get("l2", 0.0)}, {"params": biases}]
        kind = {"adam": torch.optim.Adam, "adamw": torch.optim.AdamW}[self.settings["optimizer"]]
        self.optimizer = kind(groups, lr=self.settings["lr"], weight_decay=0.0, fused=True)
        return self.optimizer

    def training_step(self, batch: tuple[Tensor, Tensor], _index: int) -> None:
        inputs, targets = batch
        for group in self.optimizer.param_groups:
            group["lr"] = self.settings["lr"] * rate_factor(self.settings["schedule"]["name"], self.step, self.steps)
        loss = functional.cross_entropy(self.network(inputs).float(), targets)
        loss.backward()
        self.optimizer.step()
        self.optimizer.zero_grad()
        self.losses.append(loss.detach())
        self.sizes.append(len(targets))
        self.step += 1

    def validation_step(self, batch: tuple[Tensor, Tensor], _index: int) -> None:
        self.validated.append((self.network(batch[0]).float(), batch[1]))

    def on_train_epoch_end(self) -> None:
        logits, targets = (torch.cat(parts) for parts in zip(*self.validated, strict=True))
        sizes = torch.tensor(self.sizes, dtype=torch.float32)
        self.history.append(
            {
                "train_loss": float(torch.stack(self.losses) @ sizes / sizes.sum()),
                "val_loss": functional.cross_entropy(logits, targets).item(),
                "val_accuracy": (logits.argmax(dim=1) == targets).float().mean().item(),
                "lr": float(self.optimizer.param_groups[0]["lr"]),
            }
        )
        self.losses, self.sizes, self.validated = [], [], []


def train(experiment: Config, data: Data) -> tuple[nn.Module, list[dict[str, float]]]:
    """Train an experiment's network; give it with its history, a row an epoch."""
    settings = TRAINER | experiment["trainer"]
    unknown = set(settings) - TRAINER_KEYS | set(settings["schedule"]) - {"name"}
    if unknown:
        raise SystemExit(f"params.yaml asks for what this script does not do: {', '.join(sorted(unknown))}")
    torch.set_num_threads(settings["threads"])
    torch.manual_seed(experiment["seed"])
    network = build_network(experiment["model"], tuple(data.inputs["train"].shape[1:]), len(data.classes))
    if settings["channels_last"]:
        network.to(memory_format=torch.channels_last)
    batches = Batches(data.inputs["train"], data.targets["train"], settings["batch_size"], shuffled=True)
    module = Training(network, settings, len(batches))
    trainer = pl.Trainer(
        accelerator="cpu",
        devices=1,
        max_epochs=settings["epochs"],
        precision=settings["precision"],
        barebones=True,
        logger=False,
    )
    trainer.fit(module, batches, Batches(data.inputs["val"], data.targets["val"], EVALUATION_BATCH, shuffled=False))
    return network.eval(), module.history


# Baselines, metrics, plots


def baselines(dataset: Config, data: Data) -> dict[str, np.ndarray]:
    """Fit the declared scikit-learn estimators; give each one's probabilities on the test split."""
    kinds = {
        "constant": DummyClassifier,
        "linear": LogisticRegression,
        "gradient-boosting": HistGradientBoostingClassifier,
    }
    matrices = {split: inputs.flatten(1).numpy() for split, inputs in data.inputs.items()}
    found = {}
    for name, baseline in dataset["baselines"].items():
        seeded = {"random_state": 0} if baseline["estimator"] == "gradient-boosting" else {}
        estimator = kinds[baseline["estimator"]](**seeded, **baseline.get("parameters", {}))
        with threadpool_limits(limits=THREADS):
            estimator.fit(matrices["train"], data.targets["train"].numpy())
            found[name] = estimator.predict_proba(matrices["test"])
    return found


def predict(network: nn.Module, inputs: Tensor) -> np.ndarray:
    """Give probabilities, N×classes."""
    with torch.inference_mode():
        logits = torch.cat([network(batch) for batch in inputs.split(EVALUATION_BATCH)])
    return functional.softmax(logits.double(), dim=1).numpy()


def compute_metrics(target: np.ndarray, probabilities: np.ndarray) -> dict[str, float]:
    predicted = probabilities.argmax(axis=1)
    binary = probabilities.shape[1] == 2
    labels = range(probabilities.shape[1])
    return {
        "accuracy": float(scores.accuracy_score(target, predicted)),
        "balanced_accuracy": float(scores.balanced_accuracy_score(target, predicted)),
        "macro_f1": float(scores.f1_score(target, predicted, average="macro")),
        "auroc": float(
            scores.roc_auc_score(target, probabilities[:, 1] if binary else probabilities, multi_class="ovr")
        ),
        "log_loss": float(scores.log_loss(target, probabilities, labels=labels)),
    }


def draw_plots(out: Path, history: pd.DataFrame, target: np.ndarray, probabilities: np.ndarray, classes: list) -> None:
    """Draw the loss curves, the confusion matrix and the ROC."""
    save(loss_curves(history), out / "loss.png")
    save(confusion_matrix(target, probabilities, classes), out / "confusion.png")
    save(roc_curves(target, probabilities, classes), out / "roc.png")


def save(figure: Figure, path: Path) -> None:
    FigureCanvasAgg(figure).print_png(path)


def loss_curves(history: pd.DataFrame) -> Figure:
    figure = Figure(figsize=(9.2, 3.8), dpi=120, layout="constrained")
    left, right = figure.subplots(1, 2)
    left.plot(history["epoch"], history["train_loss"], marker="o", markersize=3.5, label="train")
    left.plot(history["epoch"], history["val_loss"], marker="o", markersize=3.5, label="validation")
    left.set(xlabel="epoch", ylabel="loss")
    left.legend(frameon=False)
    right.plot(history["epoch"], history["val_accuracy"], marker="o", markersize=3.5, color=COLOURS[1])
    right.set(xlabel="epoch", ylabel="validation accuracy")
    return figure


def confusion_matrix(target: np.ndarray, probabilities: np.ndarray, classes: list) -> Figure:
    counts = scores.confusion_matrix(target, probabilities.argmax(axis=1), labels=range(len(classes)))
    shares = counts / counts.sum(axis=1, keepdims=True)
    side = float(np.clip(2.2 + 0.5 * len(classes), 4.2, 12.0))
    figure = Figure(figsize=(side + 0.9, side), dpi=120, layout="constrained")
    axis = figure.add_subplot()
    figure.colorbar(axis.imshow(shares, cmap="Blues", vmin=0, vmax=1), ax=axis, label="share of the actual class")
    for (row, column), count in np.ndenumerate(counts):
        if count:
            colour = "white" if shares[row, column] > 0.55 else "0.15"
            axis.text(column, row, f"{count:,}", ha="center", va="center", color=colour)
    axis.set_xticks(range(len(classes)), classes)
    axis.set_yticks(range(len(classes)), classes)
    axis.set(xlabel="predicted", ylabel="actual", title=f"{len(target):,} test rows, {np.trace(counts):,} right")
    return figure


def roc_curves(target: np.ndarray, probabilities: np.ndarray, classes: list) -> Figure:
    figure = Figure(figsize=(5.6, 5.2), dpi=120, layout="constrained")
    axis = figure.add_subplot()
    axis.plot([0, 1], [0, 1], color="0.7", linewidth=1, linestyle="--")
    for i in [1] if len(classes) == 2 else range(len(classes)):
        rates = scores.roc_curve(target == i, probabilities[:, i])
        label = f"{classes[i]}  {scores.auc(rates[0], rates[1]):.3f}"
        axis.plot(rates[0], rates[1], color=COLOURS[i], linewidth=1.6, label=label)
    axis.legend(frameon=False, title="class  area", loc="lower right")
    axis.set(xlabel="false positive rate", ylabel="true positive rate")
    return figure


# MLflow


class Predictor(mlflow.pyfunc.PythonModel):
    """Takes raw rows or images; holds the preprocessing that was fitted for it."""

    def __init__(self, network: nn.Module, preprocessor: Any, classes: list[str]) -> None:
        self.network, self.preprocessor, self.labels = network, preprocessor, classes

    def predict(self, context, model_input, params=None):  # noqa: ARG002
        """Give `prediction` and the probability of each class."""
        inputs = torch.from_numpy(self.preprocessor.transform(model_input))
        return as_frame(predict(self.network, inputs), self.labels)


def as_frame(probabilities: np.ndarray, classes: list[str]) -> pd.DataFrame:
    names = np.array(classes, dtype=object)[probabilities.argmax(axis=1)]
    return pd.DataFrame({"prediction": names, **{f"p_{name}": probabilities[:, i] for i, name in enumerate(classes)}})


@dataclass
class Store:
    """A fresh MLflow store."""

    folder: Path
    commit: str

    def __post_init__(self) -> None:
        mlflow.set_tracking_uri(f"sqlite:///{self.folder / 'mlflow.db'}")
        self.client = MlflowClient()

    @contextmanager
    def run(self, data: Data, name: str, parameters: Config) -> Iterator[str]:
        """Open a run with its parameters, dataset and environment; give its id."""
        experiment = self.client.get_experiment_by_name(data.name)
        location = (self.folder / "artifacts" / data.name).as_uri()
        experiment_id = experiment.experiment_id if experiment else self.client.create_experiment(data.name, location)
        run_id = self.client.create_run(
            experiment_id, run_name=name, tags={"mlflow.source.git.commit": self.commit}
        ).info.run_id
        self.client.log_batch(run_id, params=[Param(key, value) for key, value in flat(parameters).items()])
        entry = Dataset(data.name, data.digest[:36], "local", json.dumps({"uri": data.name}))
        self.client.log_inputs(run_id, [DatasetInput(entry, [InputTag("mlflow.data.context", "training")])])
        self.client.log_dict(run_id, {package: version(package) for package in PACKAGES}, "environment.json")
        yield run_id
        self.client.set_terminated(run_id)

    def log_metrics(self, run_id: str, rows: list[dict[str, float]], first_step: int = 0) -> None:
        now = int(time.time() * 1000)
        found = [Metric(name, value, now, i) for i, row in enumerate(rows, first_step) for name, value in row.items()]
        self.client.log_batch(run_id, metrics=found)

    def register(self, run_id: str, name: str, predictor: Predictor, signature: ModelSignature, good: bool) -> int:
        """Register a model; make it champion where it passed its gates."""
        needed = [f"{package}=={version(package)}" for package in ("mlflow", "numpy", "pandas", "torch")]
        with mlflow.start_run(run_id=run_id):
            logged = mlflow.pyfunc.log_model(
                name=name,
                python_model=predictor,
                signature=signature,
                pip_requirements=needed,
                registered_model_name=name,
            )
        number = int(logged.registered_model_version)
        if good:
            self.client.set_registered_model_alias(name, "champion", str(number))
        return number


def flat(parameters: Config, prefix: str = "") -> dict[str, str]:
    found: dict[str, str] = {}
    for name, value in parameters.items():
        if isinstance(value, dict):
            found |= flat(value, f"{prefix}{name}.")
        else:
            found[f"{prefix}{name}"] = str(value)
    return found


# The whole


def load(name: str, dataset: Config, files: list[Path], context: Any, reports: Path, clock: Clock) -> Data:
    """Read, split, validate and preprocess a dataset."""
    ((file_name, source),) = dataset["source"]["files"].items()
    path = next((file for file in files if file.name in (file_name, source["sha256"])), None)
    if path is None:
        raise SystemExit(f"{file_name} is not there; `remint stage ingest {name}` fetches it, or give --raw FOLDER")
    with clock.step("read"):
        content = path.read_bytes()
        if hashlib.sha256(content).hexdigest() != source["sha256"]:
            raise SystemExit(f"{path} has another sha256 than datasets.yaml says")
        rows, images = read(path, dataset["source"]["format"], "zip" if file_name.endswith(".zip") else "gzip")
    with clock.step("split, validate"):
        splits = split_rows(rows, images, dataset["split"])
        result = validate(context, name, dataset, rows, images, splits)
        (reports / f"validate-{name}.json").write_text(json.dumps(result, indent=2))
    with clock.step("preprocess"):
        return prepare(name, dataset, source["sha256"], rows, images, splits)


def run_baselines(dataset: Config, data: Data, store: Store, clock: Clock) -> dict[str, float]:
    """Fit, score and record the baselines; give the accuracy of each."""
    accuracies = {}
    with clock.step("baselines"):
        found = baselines(dataset, data)
    for name, probabilities in found.items():
        metrics = compute_metrics(data.targets["test"].numpy(), probabilities)
        with clock.step("MLflow runs"), store.run(data, f"baseline-{name}", dataset["baselines"][name]) as run_id:
            store.log_metrics(run_id, [{f"test_{key}": value for key, value in metrics.items()}])
        accuracies[name] = metrics["accuracy"]
    return accuracies


def run_experiment(name: str, experiment: Config, data: Data, store: Store, out: Path, clock: Clock) -> float:
    """Train, evaluate, draw, record and register an experiment; give its test accuracy."""
    with clock.step(f"train {name}"):
        network, history = train(experiment, data)
    with clock.step("evaluate"):
        probabilities = predict(network, data.inputs["test"])
        target = data.targets["test"].numpy()
        metrics = compute_metrics(target, probabilities)
        table = pd.DataFrame(history, index=pd.RangeIndex(1, len(history) + 1, name="epoch")).reset_index()
        write_results(out, data, table, target, probabilities, metrics)
    with clock.step("plots"):
        draw_plots(out, table, target, probabilities, data.classes)
    with clock.step("MLflow runs"), store.run(data, name, experiment) as run_id:
        store.log_metrics(run_id, history, first_step=1)
        store.log_metrics(run_id, [{f"test_{key}": value for key, value in metrics.items()}])
        store.client.log_artifacts(run_id, str(out))
    with clock.step("MLflow register"):
        gates = [gate for gate in experiment.get("gates", {}).values() if "min" in gate]
        good = all(metrics[gate["metric"]] >= gate["min"] for gate in gates)
        store.register(run_id, name, Predictor(network, data.preprocessor, data.classes), data.signature, good)
    return metrics["accuracy"]


def write_results(
    out: Path, data: Data, history: pd.DataFrame, target: np.ndarray, probabilities: np.ndarray, metrics: Config
) -> None:
    out.mkdir(parents=True)
    history.to_csv(out / "history.csv", index=False)
    (out / "metrics.json").write_text(json.dumps(metrics, indent=2))
    predictions = as_frame(probabilities, data.classes)
    predictions.insert(0, "row", data.rows["test"])
    predictions.insert(1, "target", np.array(data.classes, dtype=object)[target])
    predictions.to_parquet(out / "predictions.parquet", index=False)


def run(project: Path, raw: Path, out: Path, group: str, clock: Clock) -> dict[str, dict[str, float]]:
    """Do all the work; give the test accuracies of each dataset."""
    yaml = YAML(typ="safe")
    datasets = yaml.load(project / "datasets.yaml")["datasets"]
    params = yaml.load(project / "params.yaml")
    experiments = {name: params["experiments"][name] for name in params["groups"][group]}
    commit = subprocess.run(["git", "rev-parse", "HEAD"], cwd=project, capture_output=True, text=True).stdout.strip()
    with clock.step("MLflow store"):
        store = Store(out, commit)
        store.client.search_experiments()
    accuracies: dict[str, dict[str, float]] = {}
    prepared: dict[str, Data] = {}
    context = gx_context()
    for name in dict.fromkeys(experiment["dataset"] for experiment in experiments.values()):
        prepared[name] = load(name, datasets[name], list(raw.iterdir()), context, out, clock)
        accuracies[name] = run_baselines(datasets[name], prepared[name], store, clock)
    for name, experiment in experiments.items():
        dataset = experiment["dataset"]
        accuracies[dataset][name] = run_experiment(name, experiment, prepared[dataset], store, out / name, clock)
    return accuracies


def main() -> None:
    """Parse, run, print two tables: test accuracies, and where the seconds went."""
    imported = time.perf_counter() - STARTED
    gc.freeze()
    gc.enable()
    parser = argparse.ArgumentParser(
        description=__doc__.split("\n\n")[0], epilog=EXAMPLE, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    here = Path(__file__).resolve().parent.parent
    parser.add_argument("--project", type=Path, default=here, help="folder of datasets.yaml and params.yaml")
    parser.add_argument("--raw", type=Path, help="folder of the raw files (default: PROJECT/.remint/downloads)")
    parser.add_argument("--out", type=Path, help="new folder for results (default: a temporary one, deleted after)")
    parser.add_argument("--group", default="starter", help="group of params.yaml to run (default: starter)")
    options = parser.parse_args()
    for logger in ("pytorch_lightning", "mlflow", "alembic", "great_expectations"):
        logging.getLogger(logger).setLevel(logging.ERROR)
    warnings.filterwarnings("ignore")
    clock = Clock({"imports": imported})
    with tempfile.TemporaryDirectory() as temporary:
        out = options.out.resolve() if options.out else Path(temporary)
        out.mkdir(parents=True, exist_ok=True)
        raw = options.raw or options.project / ".remint" / "downloads"
        if not raw.is_dir():
            raise SystemExit(f"{raw} is not there; `remint stage ingest NAME` fetches raw files, or give --raw FOLDER")
        accuracies = run(options.project, raw, out, options.group, clock)
    print("| dataset | model | test accuracy |\n| --- | --- | ---: |")
    for dataset, models in accuracies.items():
        for name, accuracy in models.items():
            print(f"| {dataset} | {name} | {accuracy:.4f} |")
    print("\n| step | seconds |\n| --- | ---: |")
    for name, seconds in {**clock.seconds, "whole": time.perf_counter() - STARTED}.items():
        print(f"| {name} | {seconds:.2f} |")
    gc.freeze()


if __name__ == "__main__":
    main()
