"""Planted versions, each of which is to be refused by one gate, and by no other."""

import math
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from remint.config.gates import GateConfig
from remint.config.specs import ClassesSpec
from remint.evaluation.metrics import compute_metrics
from remint.evaluation.tables import prediction_table
from remint.files import write_json
from remint.registry.comparison import NotComparableError, Side, compare
from remint.registry.evidence import Evidence
from remint.registry.gates import Verdict, check_gates, read_verdict
from remint.registry.rescore import TestSplit
from tests.trained import probabilities

ROWS = 400
CLASSES = ("no", "yes")
SLICES = {"Female": np.arange(ROWS) < 100, "Male": np.arange(ROWS) >= 100}
TARGET = np.random.default_rng(0).integers(0, 2, ROWS)
CHAMPION_RIGHT = np.arange(ROWS) % 5 != 0  # 80 % everywhere
BETTER = CHAMPION_RIGHT | (np.arange(ROWS) % 10 == 0)  # 90 % everywhere
GATES: dict[str, dict[str, Any]] = {
    "useful": {"metric": "accuracy", "min": 0.7},
    "worst": {"metric": "accuracy", "over": "worst-slice", "min": 0.6},
    "better": {"metric": "accuracy", "better_than": "champion"},
    "no-slice-worse": {"metric": "accuracy", "max_regression": 0.05},
    "beats-baselines": {"metric": "accuracy", "better_than": "baselines"},
    "beats-constant": {"metric": "accuracy", "better_than": "constant"},
    "calibrated": {"max_ece": 0.1},
    "fair": {"fairness": "demographic_parity_difference", "max_gap": 0.1},
    "robust": {"metric": "accuracy", "corruption": "any", "min": 0.5},
    "fast": {"max_latency_ms": 50},
    "small": {"max_size_mb": 10},
    "clean": {"max_duplicates": 0.01},
    "no-leak": {"max_single_feature": 0.95},
}


def interval(value: float | None) -> dict[str, float | None]:
    return {"value": value, "low": value, "high": value}


def findings(right: np.ndarray) -> dict[str, Any]:
    parts = {value: float(right[mask].mean()) for value, mask in SLICES.items()}
    worst = min(parts, key=lambda value: parts[value])
    slices = [
        {"slice": "sex", "value": value, "rows": int(mask.sum()), "metrics": {"accuracy": interval(parts[value])}}
        for value, mask in SLICES.items()
    ]
    levels = [{"level": level, "metrics": {"accuracy": 0.9 - level}} for level in (0, 0.1, 0.2)]
    return {
        "slices": {
            "smallest": 50,
            "slices": slices,
            "worst": {"accuracy": {"slice": "sex", "value": worst, "rows": 1, "metric": interval(parts[worst])}},
        },
        "calibration": {"ece": interval(0.03)},
        "fairness": {"columns": {"sex": {"demographic_parity_difference": interval(0.04)}}},
        "robustness": {"corruptions": {"noise": {"levels": levels}, "missing": {"levels": levels[:2]}}},
        "sanity": {
            "duplicates": {"test_in_train": {"share": 0.001}},
            "single_features": [{"feature": "age", "strength": 0.4}, {"feature": "job", "strength": 0.2}],
            "constant": {"accuracy": 0.6},
        },
    }


def version(
    folder: Path, right: np.ndarray = BETTER, digest: str = "same", **planted: Mapping[str, Any] | None
) -> Side:
    """Write a version's files. `planted` stands in for a file; None: it is missing."""
    predicted = {"probabilities": probabilities(TARGET, 2, right)}
    table = prediction_table(np.arange(ROWS), TARGET, predicted, ClassesSpec(classes=CLASSES))
    evaluation = folder / "evaluation"
    evaluation.mkdir(parents=True)
    table.to_parquet(evaluation / "predictions.parquet", index=False)
    files: dict[str, Any] = {
        "evaluation/metrics.json": compute_metrics("classification", TARGET, predicted, CLASSES),
        "baselines.json": {"linear": {"accuracy": 0.75}},
        "cost.json": {"size_mb": 1.5, "latency_ms": {"p99": 12.0}},
        "test.json": {"digest": digest},
        **{f"evaluation/findings/{name}.json": content for name, content in findings(right).items()},
    }
    names = {"metrics": "evaluation/metrics.json", "cost": "cost.json", "baselines": "baselines.json"}
    for name, content in planted.items():
        files[names.get(name, f"evaluation/findings/{name}.json")] = content
    for file, content in files.items():
        if content is not None:
            write_json(folder / file, content)
    return Side(f"the version in {folder.name}", Evidence(folder), folder / "data")


def judge(own: Side, champion: Side | None, gates: Mapping[str, Any] = GATES) -> dict[str, Verdict]:
    rival = None if champion is None else lambda: compare(own, champion, TestSplit("none"))
    declared = {name: GateConfig.model_validate(gate) for name, gate in gates.items()}
    return {verdict.gate: verdict for verdict in check_gates(declared, own.evidence, rival)}


@pytest.fixture
def champion(tmp_path: Path) -> Side:
    return version(tmp_path / "champion", CHAMPION_RIGHT)


def test_a_good_version_passes_them_all(tmp_path: Path, champion: Side) -> None:
    verdicts = judge(version(tmp_path / "own"), champion)
    assert [verdict.gate for verdict in verdicts.values() if not verdict.passed] == []
    assert list(verdicts) == list(GATES)
    better = verdicts["better"]
    assert better.sentence.startswith("accuracy 0.9000 is better than the champion's 0.8000: difference +0.1000 [+0.0")
    assert better.value == pytest.approx(0.1)
    assert 0 < better.interval[0] < 0.1 < better.interval[1] < 0.2
    assert verdicts["no-slice-worse"].sentence.startswith(
        "accuracy by slices is nowhere more than 0.05 worse than the champion's; most on slice sex = "
    )
    assert verdicts["robust"].sentence == "accuracy 0.7000 under noise 0.2 is at least 0.5"


def one_slice_worse() -> np.ndarray:
    """All right among men, 70 % among women, of whom the champion has 80 % right."""
    return np.where(SLICES["Female"], np.arange(ROWS) % 10 >= 3, True)


def within_noise() -> np.ndarray:
    """Right where the champion is wrong, and nearly as often the other way round."""
    right = CHAMPION_RIGHT.copy()
    right[np.flatnonzero(~CHAMPION_RIGHT)[::2]] = True
    right[np.flatnonzero(CHAMPION_RIGHT)[::9]] = False
    return right


PLANTED: dict[str, tuple[str, Callable[[], np.ndarray], dict[str, Any], str]] = {
    "worse on one slice only": (
        "no-slice-worse",
        one_slice_worse,
        {},
        "accuracy 0.7000 on slice sex = Female is 0.1000 worse than the champion's, more than 0.05",
    ),
    "better only within noise": ("better", within_noise, {}, "beyond noise: difference +0.0"),
    "miscalibrated": (
        "calibrated",
        lambda: BETTER,
        {"calibration": {"ece": interval(0.25)}},
        "expected calibration error 0.2500 is above 0.1",
    ),
    "unfair": (
        "fair",
        lambda: BETTER,
        {"fairness": {"columns": {"sex": {"demographic_parity_difference": interval(0.31)}}}},
        "demographic parity difference of sex 0.3100 is above 0.1",
    ),
    "too slow": (
        "fast",
        lambda: BETTER,
        {"cost": {"size_mb": 1.5, "latency_ms": {"p99": 80.25}}},
        "p99 latency 80.25 ms is above 50 ms",
    ),
    "too large": (
        "small",
        lambda: BETTER,
        {"cost": {"size_mb": 99.0, "latency_ms": {"p99": 12.0}}},
        "size 99 MB is above 10 MB",
    ),
    "leaking": (
        "no-leak",
        lambda: BETTER,
        {"sanity": {**findings(BETTER)["sanity"], "single_features": [{"feature": "id", "strength": 0.999}]}},
        'strength of the single feature "id" 0.9990 is above 0.95',
    ),
    "test rows in train": (
        "clean",
        lambda: BETTER,
        {"sanity": {**findings(BETTER)["sanity"], "duplicates": {"test_in_train": {"share": 0.2}}}},
        "share of test rows that train holds, too, 0.2000 is above 0.01",
    ),
    "fragile": (
        "robust",
        lambda: BETTER,
        {"robustness": {"corruptions": {"noise": {"levels": [{"level": 1, "metrics": {"accuracy": 0.2}}]}}}},
        "accuracy 0.2000 under noise 1 is below 0.5",
    ),
    "bad on its worst slice": (
        "worst",
        lambda: BETTER,
        {
            "slices": {
                **findings(BETTER)["slices"],
                "worst": {"accuracy": {"slice": "race", "value": "Other", "metric": interval(0.4)}},
            }
        },
        "accuracy 0.4000 on the worst slice race = Other is below 0.6",
    ),
}


@pytest.mark.parametrize("name", PLANTED)
def test_a_planted_version_is_refused_by_its_gate_alone(tmp_path: Path, champion: Side, name: str) -> None:
    gate, right, planted, sentence = PLANTED[name]
    verdicts = judge(version(tmp_path / "own", right(), **planted), champion)
    assert [verdict.gate for verdict in verdicts.values() if not verdict.passed] == [gate]
    assert sentence in verdicts[gate].sentence


@pytest.mark.parametrize("figure", [math.nan, None, "0.9", True])
def test_a_metric_that_is_no_number_fails_every_gate_about_it(tmp_path: Path, champion: Side, figure: Any) -> None:
    own = version(tmp_path / "own")
    (own.evidence.folder / "evaluation" / "metrics.json").write_text(
        '{"accuracy": %s}' % {None: "null", True: "true", "0.9": '"0.9"'}.get(figure, "NaN")  # noqa: UP031
    )
    verdicts = judge(own, champion)
    failed = {verdict.gate for verdict in verdicts.values() if not verdict.passed}
    assert failed == {"useful", "better", "beats-baselines", "beats-constant"}
    assert {verdicts[gate].sentence for gate in failed} == {"there is no accuracy to judge"}
    assert verdicts["useful"].value is None


def test_no_file_passes_no_gate(tmp_path: Path, champion: Side) -> None:
    own = Side("this version", Evidence(tmp_path / "nothing"), tmp_path)
    verdicts = judge(own, champion)
    assert [verdict.gate for verdict in verdicts.values() if verdict.passed] == []
    assert verdicts["fast"].sentence == "there is no p99 latency to judge"
    assert verdicts["no-leak"].sentence == "there is no strength of a single feature to judge"


def test_missing_figures_of_baselines_are_not_beaten(tmp_path: Path) -> None:
    gates = {"gate": GATES["beats-baselines"]}
    for folder, content, passed in (("none", None, False), ("empty", {}, True), ("not-run", {"linear": {}}, False)):
        assert judge(version(tmp_path / folder, baselines=content), None, gates)["gate"].passed == passed


@pytest.mark.parametrize("content", ["[]", "{", "", '{"slices": 3, "worst": [], "columns": 1, "corruptions": []}'])
def test_a_broken_file_fails_its_gates_and_no_command(tmp_path: Path, champion: Side, content: str) -> None:
    own = version(tmp_path / "own")
    for file in (own.evidence.folder / "evaluation" / "findings").iterdir():
        file.write_text(content)
    verdicts = judge(own, champion)
    asked_of_findings = {
        "worst",
        "no-slice-worse",
        "beats-constant",
        "calibrated",
        "fair",
        "robust",
        "clean",
        "no-leak",
    }
    assert {verdict.gate for verdict in verdicts.values() if not verdict.passed} == asked_of_findings


def test_the_first_version_need_beat_no_champion(tmp_path: Path) -> None:
    verdicts = judge(version(tmp_path / "own"), None)
    assert verdicts["better"].sentence == "accuracy 0.9000 is enough, as there is no champion to beat"
    assert all(verdict.passed for verdict in verdicts.values())


def test_a_margin_lets_a_version_pass_that_is_not_worse(tmp_path: Path, champion: Side) -> None:
    own = version(tmp_path / "own", within_noise())
    gate = {"metric": "accuracy", "better_than": "champion"}
    verdicts = judge(own, champion, {"wide": {**gate, "margin": 0.1}, "narrow": {**gate, "margin": 0.001}})
    assert (verdicts["wide"].passed, verdicts["narrow"].passed) == (True, False)
    assert "is not worse than the champion's 0.8000 by 0.1 or more: difference" in verdicts["wide"].sentence
    assert verdicts["wide"].bound == -0.1


def test_lower_is_better_where_it_is(tmp_path: Path, champion: Side) -> None:
    own = version(tmp_path / "own")
    gates = {"loss": {"metric": "log_loss", "better_than": "champion"}, "bound": {"metric": "log_loss", "max": 0.9}}
    verdicts = judge(own, champion, gates)
    assert verdicts["loss"].passed
    assert verdicts["loss"].interval[1] < 0
    assert not judge(champion, own, gates)["loss"].passed


def test_conditions_of_one_gate_are_told_together(tmp_path: Path) -> None:
    gates = {"between": {"metric": "accuracy", "min": 0.5, "max": 0.95}, "out": {"metric": "accuracy", "max": 0.85}}
    verdicts = judge(version(tmp_path / "own"), None, gates)
    assert verdicts["between"].sentence == "accuracy 0.9000 is at least 0.5 and at most 0.95"
    assert (verdicts["out"].sentence, verdicts["out"].value, verdicts["out"].bound) == (
        "accuracy 0.9000 is above 0.85",
        0.9,
        0.85,
    )


def test_champion_whose_predictions_are_gone_is_beaten_by_nobody(tmp_path: Path, champion: Side) -> None:
    (champion.evidence.folder / "evaluation" / "predictions.parquet").unlink()
    own = version(tmp_path / "own")
    with pytest.raises(NotComparableError):
        compare(own, champion, TestSplit("none"))
    assert judge(own, champion)["better"].sentence == (
        "accuracy 0.9000 is not comparable: the version in champion has no predictions.parquet"
    )


@pytest.mark.parametrize("gone", ["Female", "Male"])
def test_a_slice_that_only_the_champion_has_fails_by_name(tmp_path: Path, champion: Side, gone: str) -> None:
    found = findings(BETTER)["slices"]
    left = [entry for entry in found["slices"] if entry["value"] != gone]
    own = version(tmp_path / "own", slices={**found, "slices": left})
    verdict = judge(own, champion)["no-slice-worse"]
    assert not verdict.passed
    assert verdict.sentence == (
        f"accuracy on slice sex = {gone} is not comparable: it is missing among this version's findings"
    )


def test_predictions_that_are_no_numbers_fail_by_name(tmp_path: Path, champion: Side) -> None:
    own = version(tmp_path / "own")
    file = own.evidence.folder / "evaluation" / "predictions.parquet"
    table = pd.read_parquet(file)
    table.loc[0, "p_yes"] = math.nan
    table.to_parquet(file, index=False)
    verdict = judge(own, champion)["better"]
    assert not verdict.passed
    assert verdict.sentence == "accuracy 0.9000 is not comparable: accuracy is undefined by this version's predictions"
    assert "is undefined by the champion's predictions" in judge(champion, own)["better"].sentence


def test_a_verdict_survives_its_file(tmp_path: Path, champion: Side) -> None:
    for verdict in judge(version(tmp_path / "own"), champion).values():
        assert read_verdict(verdict.json()) == verdict
