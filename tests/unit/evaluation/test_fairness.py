import re

import fairlearn.metrics
import numpy as np
import pytest

from remint.config.evaluation import EvaluationConfig
from remint.errors import ConfigError
from remint.evaluation.bootstrap import resample
from remint.evaluation.fairness import DIFFERENCES, fairness_findings, replicate_differences
from remint.evaluation.scored import Scored
from tests.unit.evaluation.looked import classified, measured

GROUPS = np.array(["x", "y", "z", None], dtype=object)[np.repeat([0, 1, 2, 3], [120, 120, 5, 55])]


def _config(**keys: object) -> EvaluationConfig:
    return EvaluationConfig.model_validate({"sensitive": ["group"], "replicates": 100, **keys})


def _planted(seed: int = 0) -> Scored:
    """Give a classifier that says b of everyone in group x."""
    scored = classified(300, seed=seed, group=GROUPS)
    scored.predicted["probabilities"][GROUPS == "x"] = [0.2, 0.8]
    return scored


@pytest.mark.parametrize("seed", range(3))
def test_replicates_are_what_fairlearn_says_with_weights(seed: int):
    scored, counts = classified(90, seed=seed), resample(90, 5, seed)
    groups = np.array(["x", "y", "z"])[np.random.default_rng(seed).integers(0, 3, 90)]
    actual, selected = scored.target, scored.predicted["probabilities"].argmax(axis=1)
    actual[groups == "z"] = 0
    found = replicate_differences(groups, actual, selected, counts)
    for name in DIFFERENCES:
        for value, weight in zip(found[name], counts, strict=True):
            expected = getattr(fairlearn.metrics, name)(
                actual, selected, sensitive_features=groups, sample_weight=weight
            )
            assert value == pytest.approx(expected, rel=1e-9)


def test_a_group_that_was_not_drawn_leaves_its_replicate_undefined():
    counts = np.array([[1, 1, 1, 1], [2, 2, 0, 0]], dtype=np.uint8)
    found = replicate_differences(
        np.array(["x", "x", "y", "y"]), np.array([0, 1, 0, 1]), np.array([0, 1, 1, 1]), counts
    )
    assert found["demographic_parity_difference"] == pytest.approx([0.5, np.nan], nan_ok=True)


def test_a_group_that_is_favoured_is_found():
    found = fairness_findings(_planted(), _config())
    assert found["positive"] == "b"
    column = found["columns"]["group"]
    assert column["groups"]["x"] == {
        "rows": 120,
        "selection_rate": 1,
        "true_positive_rate": 1,
        "false_positive_rate": 1,
    }
    kept = [column["groups"][name]["selection_rate"] for name in ("x", "y", "missing")]
    parity = column["demographic_parity_difference"]
    assert parity["value"] == pytest.approx(max(kept) - min(kept), rel=1e-8)
    assert 0.2 < parity["low"] < parity["high"]
    rates = [
        [column["groups"][name][rate] for name in ("x", "y", "missing")]
        for rate in ("true_positive_rate", "false_positive_rate")
    ]
    assert column["equalized_odds_difference"]["value"] == pytest.approx(max(map(np.ptp, rates)), rel=1e-8)


def test_a_very_small_group_is_told_but_left_out_of_the_differences():
    scored = _planted()
    scored.predicted["probabilities"][GROUPS == "z"] = [0.9, 0.1]
    column = fairness_findings(scored, _config())["columns"]["group"]
    assert column["left_out"] == ["z"]
    assert column["groups"]["z"]["rows"] == 5
    assert column["demographic_parity_difference"]["value"] < 1
    assert (
        fairness_findings(scored, _config(smallest_slice=5))["columns"]["group"]["demographic_parity_difference"][
            "value"
        ]
        == 1
    )


def test_one_group_has_nothing_to_differ_from():
    column = fairness_findings(_planted(), _config(smallest_slice=125))["columns"]["group"]
    assert column["equalized_odds_difference"] == {"value": None, "low": None, "high": None}
    assert column["left_out"] == ["missing", "x", "y", "z"]


@pytest.mark.parametrize(
    ("scored", "keys", "message"),
    [
        (classified(9, 3, group=["x"] * 9), {}, 'positive is missing, and there are 3 classes; allowed: "a", "b", "c"'),
        (classified(9, group=["x"] * 9), {"positive": "c"}, 'evaluation.positive is "c"; allowed: "a", "b"'),
        (classified(9, town=["x"] * 9), {}, 'evaluation.sensitive names "group"; allowed: "town"'),
        (measured(9, group=["x"] * 9), {}, "evaluation.sensitive: the target is a number; allowed: a category"),
    ],
)
def test_what_cannot_be_told_is_an_error(scored: Scored, keys: dict, message: str):
    with pytest.raises(ConfigError, match=re.escape(message)):
        fairness_findings(scored, _config(**keys))


def test_the_positive_class_is_the_named_one():
    scored = classified(300, 3, group=GROUPS)
    found = fairness_findings(scored, _config(positive="a"))
    share = (scored.predicted["probabilities"].argmax(axis=1) == 0)[GROUPS == "x"].mean()
    assert found["positive"] == "a"
    assert found["columns"]["group"]["groups"]["x"]["selection_rate"] == pytest.approx(share, rel=1e-8)
