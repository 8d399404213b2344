"""Version folders as the card reads them, in the shapes that the stages write, with made-up figures."""

import base64
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from remint.config.metrics import METRICS
from remint.files import write_json
from remint.registry.cards.about import About

PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
GIVEN = {
    "classification": (0.8517, 0.7791, 0.7903, 0.9062, 0.8841, 0.3171, 0.1037, 0.0213),
    "regression": (0.0878, 0.0647, 0.9924),
    "forecasting": (5.9829, 4.2684, 0.6587),
    "language_modelling": (6.9233, 121.3768),
}
"Metrics of each task, in the order of METRICS."


@dataclass(frozen=True)
class Example:
    """A version to write."""

    about: About
    files: dict[str, Any]
    "Path in the folder to JSON content."
    plots: tuple[str, ...]

    def write(self, folder: Path) -> Path:
        """Write the folder, its pictures a pixel each, and give it."""
        for path, content in self.files.items():
            write_json(folder / path, content)
        for name in self.plots:
            (folder / "plots").mkdir(parents=True, exist_ok=True)
            (folder / "plots" / f"{name}.png").write_bytes(PIXEL)
        return folder


def adult() -> Example:
    """Classes, groups of people, a fitted temperature, a gate that refused."""
    metrics = dict(zip(METRICS["classification"], GIVEN["classification"], strict=True))
    parts = [
        ("sex", "Female", 3006, 0.9231),
        ("sex", "Male", 6039, 0.8161),
        ("race", "Amer-Indian-Eskimo", 87, 0.8851),
        ("race", "Black", 846, 0.9149),
        ("race", "Other", 31, 0.9032),
        ("age", "< 25", 1421, 0.9817),
        ("age", "45–54", 1672, 0.7781),
        ("age", "≥ 65", 397, None),
    ]
    extra = {
        "calibration": calibration(0.0213, 1.2345),
        "fairness": fairness(),
        "robustness": {
            "rows": 2001,
            "corruptions": {
                "noise": corruption("standard deviations", "accuracy", [(0, 0.8516), (0.1, 0.8502), (0.5, 0.8327)]),
                "missing": corruption("share of values", "accuracy", [(0, 0.8514), (0.05, 0.8457), (0.4, 0.7964)]),
            },
        },
        "attributions": {
            "kind": "features",
            "method": "Shapley values by sampling orders (Štrumbelj and Kononenko 2014)",
            "of": "the logit of the predicted class",
            "rows": 500,
            "importance": [
                {"feature": "education-num", "importance": 0.6121},
                {"feature": "age", "importance": 0.4127},
            ],
            "worst": [{"row": 8123, "loss": 4.7123, "target": ">50K", "prediction": "<=50K", "probability": 0.9911}],
        },
        "slices": slices(50, "accuracy", parts, worst=6),
        "sanity": sanity(
            {"exact": 17, "near": 4, "rows": 9045, "share": 0.002322},
            {"accuracy": 0.7539, "balanced_accuracy": 0.5002, "log_loss": 0.5582},
            [("relationship", 0.6237), ("capital-gain", 0.2911)],
        ),
    }
    gates = [
        gate("beats-champion", False, "accuracy 0.8517 is not better than the champion's 0.8512 beyond noise"),
        gate("worst-slice", True, "accuracy 0.7781 on age 45–54 is at least 0.75"),
    ]
    about = made_about(
        "adult-mlp",
        "classification",
        dataset="adult",
        description="Census income by a perceptron with embeddings",
        dataset_description="Census income 1994; does a person earn more than 50,000 dollars a year?",
        limits=("The 1994 census of the United States.", "Not for decisions about credit, work or housing."),
        baselines={
            "constant": {"accuracy": 0.7538},
            "linear": {"accuracy": 0.8473, "auroc": 0.9011},
            "gradient-boosting": {"accuracy": 0.8698, "auroc": 0.9254},
        },
    )
    plots = ("calibration", "confusion", "fairness", "importance", "loss", "robustness", "roc", "samples", "slices")
    return Example(about, _files(metrics, 9045, extra, gates), plots)


def diamonds() -> Example:
    """Numbers, promoted, without slices."""
    metrics = dict(zip(METRICS["regression"], GIVEN["regression"], strict=True))
    sane = sanity({"exact": 0, "near": 0, "rows": 10788, "share": 0.0}, {"rmse": 1.0106}, [("carat", 0.9701)])
    about = made_about("diamonds-mlp", "regression", dataset="diamonds", primary_metric="rmse")
    gates = [gate("beats-champion", True, "there is no champion")]
    return Example(about, _files(metrics, 10788, {"sanity": sane}, gates, promoted=True), ("residuals", "loss"))


def chinese() -> Example:
    """Classes and slices with Chinese names, and with what Markdown and HTML take for their own."""
    metrics = {"accuracy": 0.8447, "log_loss": 0.3799}
    parts = [
        ("class", "好评|*很好*", 1251, 0.8633),
        ("class", "<b>差评</b>", 1132, 0.8231),
        ("length", "< 20", 600, 0.7917),
    ]
    extra = {"slices": slices(50, "accuracy", parts, worst=2), "calibration": calibration(0.0311, None)}
    about = made_about("zh-reviews-lstm", "classification", dataset="zh-reviews", limits=("网上书店的评论。",))
    return Example(about, _files(metrics, 2383, extra, []), ("samples",))


def poems() -> Example:
    """A language model: texts that it goes on with."""
    metrics = dict(zip(METRICS["language_modelling"], GIVEN["language_modelling"], strict=True))
    about = made_about("tang-gpt", "language_modelling", dataset="tang-poems", primary_metric="bits_per_character")
    texts = [{"prompt": "碧原開霧隰，", "continuation": "綺嶺峻霞城。\n煙峰高下翠", "row": 22, "ended": True}]
    files = _files(metrics, 5000, {}, [])
    return Example(about, {**files, "evaluation/samples.json": {"kind": "generated", "texts": texts}}, ())


def weather() -> Example:
    """Forecasts: blocks, and no search for duplicates."""
    metrics = dict(zip(METRICS["forecasting"], GIVEN["forecasting"], strict=True))
    sane = {
        "duplicates": {
            "test_in_train": None,
            "val_in_train": {"exact": None, "near": None, "rows": 5022, "share": None},
            "examples": [],
        },
        "single_features": [],
    }
    about = made_about("weather-gru", "forecasting", dataset="weather", primary_metric="rmse")
    example = Example(
        about, _files(metrics, 5022, {"sanity": {**sane, "constant": {"rmse": 17.9021}}}, []), ("horizon",)
    )
    example.files["evaluation/findings/intervals.json"]["block"] = 192
    return example


EXAMPLES = {"adult": adult, "diamonds": diamonds, "chinese": chinese, "poems": poems, "weather": weather}


def interval(value: float | None, width: float = 0.0077) -> dict[str, float | None]:
    """Give an interval around a value, its ends like no other number."""
    if value is None:
        return {"value": None, "low": None, "high": None}
    return {"value": value, "low": round(value - width, 6), "high": round(value + width * 1.03, 6)}


def calibration(ece: float, temperature: float | None) -> dict[str, Any]:
    """Give the content of calibration.json."""
    bins = [{"low": 0.5, "high": 0.75, "rows": 2211, "confidence": 0.6312, "accuracy": 0.6119}]
    return {"ece": interval(ece, 0.003), "temperature": temperature, "bins": bins}


def corruption(unit: str, metric: str, levels: list[tuple[float, float]]) -> dict[str, Any]:
    """Give an entry of robustness.json."""
    return {"unit": unit, "levels": [{"level": at, "metrics": {metric: value}} for at, value in levels]}


def fairness() -> dict[str, Any]:
    """Give the content of fairness.json."""
    rates = ("rows", "selection_rate", "true_positive_rate", "false_positive_rate")
    return {
        "positive": ">50K",
        "columns": {
            "sex": {
                "demographic_parity_difference": interval(0.1821, 0.0131),
                "equalized_odds_difference": interval(0.0937, 0.0412),
                "groups": {
                    "Female": dict(zip(rates, (3006, 0.0798, 0.5461, 0.0219), strict=True)),
                    "Male": dict(zip(rates, (6039, 0.2619, 0.6398, 0.0913), strict=True)),
                },
                "left_out": [],
            },
            "race": {
                "demographic_parity_difference": interval(0.1512, 0.0601),
                "equalized_odds_difference": interval(None),
                "groups": {"Other": dict(zip(rates, (31, 0.0968, None, 0.0417), strict=True))},
                "left_out": ["Other"],
            },
        },
    }


def slices(smallest: int, metric: str, parts: list[tuple[str, str, int, float | None]], worst: int) -> dict[str, Any]:
    """Give the content of slices.json."""
    told = [
        {"slice": name, "value": value, "rows": rows, "metrics": {} if own is None else {metric: interval(own, 0.0121)}}
        for name, value, rows, own in parts
    ]
    found = {key: told[worst][key] for key in ("slice", "value", "rows")}
    return {
        "smallest": smallest,
        "slices": told,
        "worst": {metric: {**found, "metric": told[worst]["metrics"][metric]}},
    }


def sanity(test: dict[str, Any], constant: dict[str, float], strengths: list[tuple[str, float]]) -> dict[str, Any]:
    """Give the content of sanity.json."""
    val = {"exact": 9, "near": 2, "rows": 4521, "share": 0.002433}
    return {
        "duplicates": {"test_in_train": test, "val_in_train": val, "examples": []},
        "single_features": [{"feature": name, "strength": strength} for name, strength in strengths],
        "constant": constant,
    }


def gate(name: str, passed: bool, sentence: str) -> dict[str, Any]:
    """Give a gate of decision.json."""
    return {
        "gate": name,
        "asks": {"metric": "accuracy"},
        "passed": passed,
        "value": 0.8517,
        "bound": None,
        "interval": None,
        "sentence": sentence,
    }


def made_about(model: str, task: Any, **given: Any) -> About:
    """Give an About with some of everything."""
    common: dict[str, Any] = {
        "model": model,
        "version": 3,
        "fingerprint": "d4f4d85320e94da8602ed4ad794c8176fd718ecdfa6d64d7f31d82ccd2b4b6be",
        "commit": "96d4b77c0ffee0123456789abcdef0123456789a",
        "dirty": False,
        "created": "2026-11-22",
        "family": "mlp",
        "task": task,
        "primary_metric": "accuracy",
        "dataset_digest": "a62262dd33fc72e016a90baf0e554e2c4b7ddd572651818e00f310f7976092c7",
        "license": "CC-BY-4.0 (UCI)",
        "homepage": "https://archive.ics.uci.edu/dataset/2/adult",
        "splits": {"train": 31662, "val": 4521, "test": 9045},
        "parameters": {
            "dataset": model.split("-")[0],
            "seed": 7,
            "model": {"family": "mlp", "hidden": (64, 32), "dropout": 0.25},
            "trainer": {"epochs": 12, "batch_size": 512, "lr": 0.0015, "early_stopping": None},
        },
        "baselines": {"constant": {}, "linear": {}},
    }
    return About(**{**common, **given})


def _files(
    metrics: dict[str, float], rows: int, findings: dict[str, Any], gates: list[dict[str, Any]], promoted: bool = False
) -> dict[str, Any]:
    intervals = {name: interval(value) for name, value in metrics.items()}
    return {
        "evaluation/metrics.json": metrics,
        "evaluation/findings/intervals.json": {
            "level": 0.95,
            "replicates": 1000,
            "rows": rows,
            "block": 1,
            "metrics": intervals,
        },
        **{f"evaluation/findings/{name}.json": content for name, content in findings.items()},
        "cost.json": {
            "parameters": 20207,
            "size_mb": 0.081934,
            "latency_ms": {"p50": 1.4127, "p99": 2.9318, "rows": 1, "calls": 300},
            "training_seconds": 11.8734,
            "energy_wh": None,
            "energy_note": "not measured: this machine shows no energy counter (RAPL)",
            "machine": {"cpu": "AMD EPYC", "cores": 2},
        },
        "decision.json": {
            "model": "made-up",
            "version": 3,
            "promoted": promoted,
            "champion_before": None if promoted else 2,
            "reason": "; ".join(entry["sentence"] for entry in gates if not entry["passed"]) or "all gates passed",
            "when": "2026-11-22T12:45:49Z",
            "gates": gates,
        },
    }
