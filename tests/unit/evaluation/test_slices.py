import numpy as np
import pytest

from remint.config.evaluation import EvaluationConfig
from remint.evaluation.bootstrap import intervals
from remint.evaluation.slices import slice_findings
from tests.unit.evaluation.looked import classified, measured

GROUPS = np.array(["large", "hard", "tiny"])[np.repeat([0, 1, 2], [150, 80, 10])]


def _config(smallest: int = 50, **slices: dict) -> EvaluationConfig:
    return EvaluationConfig.model_validate({"slices": slices, "smallest_slice": smallest, "replicates": 100})


def _planted():
    scored = measured(240, group=GROUPS)
    scored.predicted["value"][GROUPS == "hard"] += 3
    scored.predicted["value"][GROUPS == "tiny"] += 30
    return scored


def test_the_worst_slice_is_the_planted_one_that_is_large_enough():
    found = slice_findings(_planted(), _config(group={"column": "group"}))
    assert [(one["slice"], one["value"], one["rows"]) for one in found["slices"]] == [
        ("group", "hard", 80),
        ("group", "large", 150),
        ("group", "tiny", 10),
    ]
    assert found["smallest"] == 50
    for metric in ("rmse", "mae", "r2"):
        worst = found["worst"][metric]
        assert (worst["slice"], worst["value"], worst["rows"]) == ("group", "hard", 80)
        assert worst["metric"] == found["slices"][0]["metrics"][metric]
    assert slice_findings(_planted(), _config(5, group={"column": "group"}))["worst"]["mae"]["value"] == "tiny"


def test_a_slice_has_the_metrics_of_its_rows_with_intervals():
    scored = _planted()
    found = slice_findings(scored, _config(group={"column": "group"}))
    hard = found["slices"][0]["metrics"]
    values = scored.part(GROUPS == "hard").metrics()
    assert {name: one["value"] for name, one in hard.items()} == pytest.approx(values, rel=1e-8)
    assert hard["mae"]["low"] < values["mae"] < hard["mae"]["high"]
    errors = np.abs(scored.predicted["value"] - scored.target)[GROUPS == "hard"]
    assert hard["mae"]["high"] - hard["mae"]["low"] == pytest.approx(2 * 1.96 * errors.std() / 80**0.5, rel=0.35)


def test_the_whole_is_told_as_the_intervals_tell_it():
    scored = _planted()
    found = slice_findings(scored, _config(group={"column": "group"}))
    assert found["overall"] == intervals(scored, 100)["metrics"]


def test_what_is_undefined_on_the_rows_of_one_class_is_left_out():
    found = slice_findings(classified(200, 3), _config(20, **{"class": {"measure": "class"}}))
    for one in found["slices"]:
        assert one["metrics"].keys() == {"accuracy", "balanced_accuracy", "log_loss", "brier", "ece"}
    assert found["worst"].keys() == {"accuracy", "balanced_accuracy", "log_loss", "brier", "ece"}


def test_nothing_declared_nothing_found():
    found = slice_findings(classified(60), _config())
    assert found["slices"] == []
    assert found["worst"] == {}
