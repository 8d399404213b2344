"""Small datasets, one a modality, with an experiment on each: YAML and files, nothing else."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from ruamel.yaml import YAML
from sklearn.datasets import load_digits

from tests.conftest import use_file

EXPERIMENTS = ("reviews-transformer", "tales-gpt", "power-gru", "ratings-mf", "digits-resnet")
DATASETS = ("reviews", "tales", "power", "ratings", "digits")
GOOD, BAD = "好评", "差评"
REPEATED = 20
"Reviews that repeat another, and are dropped."


def write_modalities(root: Path, folder: Path) -> None:
    """Write both declarations to a project's root, and the sources to another folder."""
    folder.mkdir()
    datasets = {name: _dataset(make, folder) for name, make in _DATASETS.items()}
    write_yaml(root / "datasets.yaml", {"datasets": datasets})
    write_yaml(root / "params.yaml", {"experiments": _EXPERIMENTS, "groups": {"starter": list(EXPERIMENTS)}})


def write_yaml(file: Path, content: dict[str, Any]) -> None:
    """Write a YAML file, keys in their order."""
    yaml = YAML()
    yaml.allow_unicode = True
    with file.open("w", encoding="utf-8") as out:
        yaml.dump(content, out)


def _dataset(make: Callable[[Path], dict[str, Any]], folder: Path) -> dict[str, Any]:
    shared = {"expectations": {}, "cleaning": {}, "preprocessing": {}, "baselines": {}, "evaluation": {}}
    return {**shared, "split": {"kind": "hash", "val": 0.15, "test": 0.2}, **make(folder)}


def _reviews(folder: Path) -> dict[str, Any]:
    """Chinese sentences, a file a class, of which some stand twice."""
    random = np.random.default_rng(0)
    things, ends = ("书", "手机", "电影", "酒店", "耳机", "电脑"), ("。", "！", ",下次再说。", ",就这样吧")
    words = {GOOD: ("很喜欢", "质量好", "值得买", "真不错"), BAD: ("太失望", "质量差", "退货了", "不值得")}
    source: dict[str, Any] = {"format": {"kind": "lines", "column": "text"}, "files": {}}
    for file, (label, said) in zip(("good.txt", "bad.txt"), words.items(), strict=True):
        lines = [f"这{t}{w},第{i}天{e}" for i in range(3) for t in things for w in said for e in ends[: 1 + i]]
        lines = [lines[i] for i in random.permutation(len(lines))[:100]]
        (folder / file).write_text("\n".join([*lines, *lines[: REPEATED // 2]]), encoding="utf-8")
        one: dict[str, Any] = {}
        use_file(one, file, folder / file)
        source["files"][file] = {**one["files"][file], "columns": {"label": label}}
    return {
        "modality": "text",
        "source": source,
        "schema": {"target": "label", "columns": {"text": {"type": "text"}, "label": _category(GOOD, BAD)}},
        "expectations": {"duplicates": 0.2, "texts": {"min": 5, "max": 40, "unknown": 0.5}},
        "cleaning": {"duplicates": "drop"},
        "preprocessing": {"tokenizer": "characters", "length": 32},
        "baselines": {"tfidf-svm": {"estimator": "tfidf-svm", "parameters": {"analyzer": "char"}}},
        "evaluation": {
            "slices": {
                "class": {"measure": "class"},
                "length": {"measure": "length"},
                "unknown": {"measure": "unknown"},
            },
            "smallest_slice": 5,
            "corruptions": {"typos": [0.1, 0.3]},
            "replicates": 100,
        },
    }


def _tales(folder: Path) -> dict[str, Any]:
    """English sentences, the longest longer than a piece."""
    random = np.random.default_rng(1)
    who, does = ("the king", "a fox", "my aunt", "Tom"), ("saw", "ate", "sold", "painted")
    what = ("an apple", "the old house", "a silver coin", "three geese")

    def sentence() -> str:
        return f"{random.choice(who)} {random.choice(does)} {random.choice(what)}"

    lines = [f"{i}: {' and then '.join(sentence() for _ in range(1 + i % 4))}." for i in range(160)]
    (folder / "tales.txt").write_text("\n".join([*lines, *lines[:9]]), encoding="utf-8")
    source: dict[str, Any] = {"format": {"kind": "lines", "column": "text"}}
    use_file(source, "tales.txt", folder / "tales.txt")
    return {
        "modality": "text",
        "source": source,
        "schema": {"target": "text", "columns": {"text": {"type": "text"}}},
        "expectations": {"duplicates": 0.1},
        "cleaning": {"duplicates": "drop"},
        "preprocessing": {"tokenizer": "subwords", "vocabulary": 320, "length": 24},
        "baselines": {"3-gram": {"estimator": "n-gram", "parameters": {"order": 3}}},
        "evaluation": {
            "slices": {"length": {"measure": "length", "bands": 2}},
            "smallest_slice": 5,
            "corruptions": {"typos": [0.1]},
            "replicates": 100,
        },
    }


def _power(folder: Path) -> dict[str, Any]:
    """Hours of two sites; some hours are missing."""
    random = np.random.default_rng(2)
    hours = pd.date_range("2024-01-01", periods=180, freq="h")
    parts = []
    for site, level in (("north", 10.0), ("south", 20.0)):
        load = level + 3 * np.sin(np.arange(180) * 2 * np.pi / 24) + random.normal(0, 0.3, 180)
        wind = random.normal(5, 1, 180)
        parts.append(pd.DataFrame({"hour": hours, "site": site, "load": load.round(3), "wind": wind.round(3)}))
    rows = pd.concat(parts, ignore_index=True)
    rows.drop(index=[40, 41, 250]).to_csv(folder / "power.csv", index=False)
    source: dict[str, Any] = {"format": {"kind": "csv"}}
    use_file(source, "power.csv", folder / "power.csv")
    columns = {
        "hour": {"type": "text", "role": "key"},
        "site": {"type": "category", "role": "key"},
        "load": {"type": "float"},
        "wind": {"type": "float"},
    }
    return {
        "modality": "series",
        "source": source,
        "schema": {"target": "load", "columns": columns},
        "split": {"kind": "time", "column": "hour", "val": 0.2, "test": 0.2},
        "cleaning": {"columns": {"wind": {"winsorise": [0.01, 0.99]}}},
        "preprocessing": {"time": "hour", "group": "site", "history": 24, "horizon": 3, "calendar": ["hour"]},
        "baselines": {"seasonal-naive": {"estimator": "seasonal-naive"}, "linear": {"estimator": "linear"}},
        "evaluation": {
            "slices": {"site": {"column": "site"}},
            "smallest_slice": 5,
            "corruptions": {"noise": [0.5], "missing": [0.2]},
            "replicates": 100,
        },
    }


def _ratings(folder: Path) -> dict[str, Any]:
    random = np.random.default_rng(3)
    pairs = random.permutation(20 * 15)[:220]
    rows = pd.DataFrame({"user": [f"u{p // 15}" for p in pairs], "film": [f"f{p % 15}" for p in pairs]})
    rows["stars"] = (2.5 + (pairs // 15) / 20 + (pairs % 15) / 15 + random.normal(0, 0.2, len(pairs))).round(1)
    rows.to_csv(folder / "ratings.csv", index=False)
    source: dict[str, Any] = {"format": {"kind": "csv"}}
    use_file(source, "ratings.csv", folder / "ratings.csv")
    columns = {"user": {"type": "category"}, "film": {"type": "category"}, "stars": {"type": "float", "min": 0}}
    return {
        "modality": "tabular",
        "source": source,
        "schema": {"target": "stars", "columns": columns},
        "baselines": {"linear": {"estimator": "linear"}},
        "evaluation": {"corruptions": {"missing": [0.2]}, "replicates": 100},
    }


def _digits(folder: Path) -> dict[str, Any]:
    digits = load_digits()
    rows = pd.DataFrame((digits.data[:240] * 15).astype(int))
    rows.assign(label=digits.target[:240]).to_csv(folder / "digits.csv", index=False, header=False)
    source: dict[str, Any] = {"format": {"kind": "csv-images", "height": 8, "width": 8}}
    use_file(source, "digits.csv", folder / "digits.csv")
    return {
        "modality": "image",
        "source": source,
        "schema": {"target": "label", "columns": {"label": {"type": "category"}}},
        "evaluation": {
            "slices": {"class": {"measure": "class"}, "brightness": {"measure": "brightness", "bands": 2}},
            "smallest_slice": 2,
            "corruptions": {"noise": [0.2], "blur": [1], "shift": [1], "rotation": [20], "brightness": [0.5]},
            "replicates": 100,
        },
    }


def _category(*values: str) -> dict[str, Any]:
    return {"type": "category", "values": list(values)}


_DATASETS: dict[str, Callable[[Path], dict[str, Any]]] = {
    "reviews": _reviews,
    "tales": _tales,
    "power": _power,
    "ratings": _ratings,
    "digits": _digits,
}


def _experiment(dataset: str, task: str, model: dict[str, Any], **trainer: Any) -> dict[str, Any]:
    settings = {"epochs": 4, "batch_size": 32, "lr": 0.01, "threads": 1, **trainer}
    return {"dataset": dataset, "task": task, "model": model, "trainer": settings, "seed": 5}


_AUGMENTATION = {"flip": 0.1, "shift": 0.5, "rotation": 5, "scaling": 0.05, "cutout": 1}
_EXPERIMENTS: dict[str, Any] = {
    "reviews-transformer": _experiment(
        "reviews",
        "classification",
        {"family": "transformer", "width": 16, "heads": 2, "layers": 1, "word_dropout": 0.1, "bigrams": 64},
        label_smoothing=0.1,
        accumulate=2,
    ),
    "tales-gpt": _experiment(
        "tales", "language_modelling", {"family": "gpt", "width": 16, "heads": 2, "layers": 1}, gradient_clip=1.0
    ),
    "power-gru": _experiment(
        "power", "forecasting", {"family": "recurrent", "cell": "gru", "width": 8}, epochs=8, lr=0.03
    ),
    "ratings-mf": _experiment("ratings", "regression", {"family": "factorisation", "factors": 2}, epochs=8, lr=0.05),
    "digits-resnet": _experiment(
        "digits",
        "classification",
        {"family": "resnet", "widths": [8, 16], "blocks": 1},
        epochs=8,
        augmentation=_AUGMENTATION,
        precision="bf16-mixed",
        channels_last=True,
        calibration="temperature",
    ),
}
