"""The plants that are found before anything runs: each puts one difference and tells what must be said of it."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.repro.planting import Case, Change, cell, flip, flip_row, sha256

LOGISTIC, CNN = "adult-logistic", "mnist-cnn"
ADULT, MNIST = "data/prepared/adult", "data/prepared/mnist-5k"


@dataclass(frozen=True)
class Expected:
    """What the certificate must name first."""

    kind: str
    name: str
    registered: Any
    minted: Any
    detail: str = ""
    "Is a part of the detail; the empty text: of an empty one."


@dataclass(frozen=True)
class Plant:
    """One difference."""

    what: str
    put: Callable[[Case], Expected]
    model: str = LOGISTIC
    start: str | None = None


def _comment(content: bytes) -> bytes:
    return content + b"# planted\n"


def _code(file: str, change: Change = _comment, line: str = "+# planted") -> Callable[[Case], Expected]:
    def put(case: Case) -> Expected:
        before, after = case.code(f"src/remint/{file}", change)
        return Expected("code", f"src/remint/{file}", sha256(before), sha256(after), line)

    return put


def _swap(old: bytes, new: bytes) -> Change:
    def change(content: bytes) -> bytes:
        assert old in content
        return content.replace(old, new)

    return change


def _gone(file: str) -> Callable[[Case], Expected]:
    def put(case: Case) -> Expected:
        place = case.project.root / "src/remint" / file
        before = place.read_bytes()
        case.commit_instead(place.unlink)
        return Expected("code", f"src/remint/{file}", sha256(before), None, f"-{before.decode().splitlines()[0]}")

    return put


def _declared(file: str, top: str, key: str, new: Any) -> Callable[[Case], Expected]:
    """Give another value to a dotted key; None takes it away."""
    found: list[Any] = []

    def edit(content: dict) -> None:
        name, *rest = key.split(".")
        *path, last = top, name, *rest
        place = content
        for part in path:
            place = place[int(part) if isinstance(place, list) else part]
        last = int(last) if isinstance(place, list) else last
        found.append(place.get(last) if isinstance(place, dict) else place[last])
        if new is None:
            del place[last]
        else:
            place[last] = new

    def put(case: Case) -> Expected:
        case.commit_instead(lambda: case.project.edit(file, edit))
        kind = "seed" if key.endswith(".seed") else "parameter"
        return Expected(kind, f"{top}.{key}", found[0], new)

    return put


def _parameter(key: str, new: Any, model: str = LOGISTIC) -> Plant:
    return Plant(
        f"parameter {model} {key} = {new}", _declared("params.yaml", "experiments", f"{model}.{key}", new), model
    )


def _dataset(key: str, new: Any, model: str = LOGISTIC) -> Plant:
    return Plant(f"dataset {key} = {new}", _declared("datasets.yaml", "datasets", key, new), model)


def _cache(output: str, file: str, change: Change, detail: str, start: str, model: str = LOGISTIC) -> Plant:
    def put(case: Case) -> Expected:
        before, after = case.alter(case.cached(output, file), change)
        return Expected("data", f"{output}/{file}", sha256(before), sha256(after), detail)

    return Plant(f"byte of {output}/{file}: {detail or 'no rows'}", put, model, start)


def _source(case: Case) -> Expected:
    """A byte of a source file, of which no download is kept."""
    text = (case.project.root / "datasets.yaml").read_text()
    file = next(Path(line.split()[-1]) for line in text.splitlines() if line.endswith("/adult.csv"))
    before, after = case.alter(file, flip(5000))
    case.remove(case.project.root / ".remint/downloads" / sha256(before))
    return Expected("data", "adult.csv", sha256(before), sha256(after))


def _own_code(case: Case) -> Expected:
    """A line of the code that the version is served by, and that no stage runs."""
    file = case.of_version(LOGISTIC, "code/remint/registry/predictor.py")
    before, after = case.alter(file, _comment)
    return Expected("code", "code/remint/registry/predictor.py", sha256(after), sha256(before), "-# planted")


def _own_description(case: Case) -> Expected:
    before, after = case.alter(case.of_version(LOGISTIC, "MLmodel"), _comment)
    return Expected(
        "code", "MLmodel", sha256(after), sha256(before), "the version's own copy is not what was registered"
    )


CODE = [
    Plant(f"code {file}", _code(file), model)
    for file, model in [
        ("formats/csv.py", LOGISTIC),
        ("sources/file.py", LOGISTIC),
        ("stages/ingest.py", CNN),
        ("formats/csv_images.py", CNN),
        ("validation/engine.py", LOGISTIC),
        ("preprocessing/split.py", CNN),
        ("preprocessing/tabular.py", LOGISTIC),
        ("preprocessing/image.py", CNN),
        ("training/fit.py", LOGISTIC),
        ("training/augmentation.py", CNN),
        ("models/families.py", CNN),
        ("seeds.py", LOGISTIC),
        ("determinism.py", CNN),
        ("evaluation/bootstrap.py", LOGISTIC),
        ("stages/evaluate.py", CNN),
    ]
] + [
    Plant(
        "code: one line of the metrics",
        _code(
            "evaluation/metrics.py", _swap(b"CONFIDENCE_BINS = 15", b"CONFIDENCE_BINS = 16"), "+CONFIDENCE_BINS = 16"
        ),
    ),
    Plant("code: a file is gone", _gone("models/linear.py")),
    Plant("code: the version's own copy", _own_code),
    Plant("code: the version's own MLmodel", _own_description),
]
PARAMETERS = [
    _parameter("trainer.lr", 0.0051),
    _parameter("trainer.epochs", 3),
    _parameter("trainer.batch_size", 255),
    _parameter("trainer.optimizer", "adamw"),
    _parameter("trainer.schedule.name", "one-cycle"),
    _parameter("trainer.l2", 0.1),
    _parameter("trainer.lr", None),
    _parameter("trainer.precision", "bf16-mixed"),
    _parameter("model.family", "mlp"),
    _parameter("task", "regression"),
    _parameter("model.dropout", 0.4, CNN),
    _parameter("model.blocks.0.1", 63, CNN),
    _parameter("model.initialisation", "default", CNN),
    _parameter("trainer.precision", "32", CNN),
    _parameter("trainer.channels_last", False, CNN),
    _parameter("seed", 2),
    _parameter("seed", 1.0, CNN),
    _dataset("adult.split.val", 0.11),
    _dataset("adult.expectations.rows.min", 99),
    _dataset("adult.schema.columns.age.max", 121),
    _dataset("adult.preprocessing.log.1", "age"),
    _dataset("adult.source.format.one_hot.3", "jobs"),
    _dataset("mnist-5k.evaluation.smallest_slice", 31, CNN),
]
DATA = [
    _cache(ADULT, "train.safetensors", flip_row(0), "rows 0–99", "train"),
    _cache(ADULT, "train.safetensors", flip_row(2097), "rows 2,000–2,097", "train"),
    _cache(ADULT, "val.safetensors", flip_row(150), "rows 100–199", "train"),
    _cache(ADULT, "test.safetensors", flip_row(555), "rows 500–599", "train"),
    _cache(ADULT, "test.safetensors", flip(9), "not readable", "train"),
    _cache(ADULT, "rows.parquet", cell("row", 1234), "rows 1,200–1,299", "train"),
    _cache(ADULT, "rows.parquet", flip(-1), "not readable", "train"),
    _cache(ADULT, "spec.json", flip(30), "", "train"),
    _cache(ADULT, "preprocessor.json", flip(-5), "", "train"),
    _cache(MNIST, "train.safetensors", flip_row(490), "rows 400–490", "train", CNN),
    _cache("data/raw/adult", "rows.parquet", cell("age", 2999), "rows 2,900–2,999", "preprocess"),
    _cache("data/raw/adult", "rows.parquet", flip(-1), "not readable", "preprocess"),
    _cache("data/raw/mnist-5k", "images.safetensors", flip_row(321), "rows 300–399", "preprocess", CNN),
    _cache("data/reports/validate/adult", "report.json", flip(40), "", "preprocess"),
    Plant("byte of a source file", _source, start="ingest"),
]
