import math

import pytest

from remint.config.gates import GateConfig
from remint.registry.gates import check_gates

CHAMPION = {"accuracy": 0.85, "log_loss": 0.4}
BASELINES = {"constant": {"accuracy": 0.75}, "boosting": {"accuracy": 0.87}}


@pytest.mark.parametrize(
    ("gate", "metrics", "champion", "baselines", "passed", "sentence"),
    [
        ({"min": 0.8}, {"accuracy": 0.8}, None, {}, True, "accuracy 0.8000 is at least 0.8"),
        ({"min": 0.8}, {"accuracy": 0.79}, None, {}, False, "accuracy 0.7900 is below 0.8"),
        ({"max": 0.8}, {"accuracy": 0.8}, None, {}, True, "accuracy 0.8000 is at most 0.8"),
        ({"max": 0.8}, {"accuracy": 0.81}, None, {}, False, "accuracy 0.8100 is above 0.8"),
        (
            {"min": 0.7, "max": 0.8},
            {"accuracy": 0.75},
            None,
            {},
            True,
            "accuracy 0.7500 is at least 0.7 and at most 0.8",
        ),
        ({"min": 0.7, "max": 0.8}, {"accuracy": 0.85}, None, {}, False, "accuracy 0.8500 is above 0.8"),
        ({"min": 0.8}, {}, None, {}, False, "there is no accuracy to judge"),
        ({"min": 0.8}, {"accuracy": math.nan}, None, {}, False, "there is no accuracy to judge"),
        ({"min": 0.8}, {"accuracy": math.inf}, None, {}, True, "accuracy inf is at least 0.8"),
        (
            {"better_than": "champion"},
            {"accuracy": 0.1},
            None,
            {},
            True,
            "accuracy 0.1000 is enough, as there is no champion to beat",
        ),
        (
            {"better_than": "champion"},
            {"accuracy": 0.86},
            CHAMPION,
            {},
            True,
            "accuracy 0.8600 is better than the champion's 0.8500",
        ),
        (
            {"better_than": "champion"},
            {"accuracy": 0.85},
            CHAMPION,
            {},
            False,
            "accuracy 0.8500 is not better than the champion's 0.8500",
        ),
        ({"better_than": "champion"}, {}, None, {}, False, "there is no accuracy to judge"),
        (
            {"metric": "log_loss", "better_than": "champion"},
            {"log_loss": 0.3},
            CHAMPION,
            {},
            True,
            "log_loss 0.3000 is better than the champion's 0.4000",
        ),
        (
            {"metric": "log_loss", "better_than": "champion"},
            {"log_loss": 0.5},
            CHAMPION,
            {},
            False,
            "log_loss 0.5000 is not better than the champion's 0.4000",
        ),
        (
            {"better_than": "champion"},
            {"accuracy": 0.9},
            {"accuracy": math.nan},
            {},
            False,
            "accuracy 0.9000 is not comparable, as the champion has no accuracy",
        ),
        (
            {"better_than": "baselines"},
            {"accuracy": 0.88},
            None,
            BASELINES,
            True,
            "accuracy 0.8800 is better than baseline constant's 0.7500 and better than baseline boosting's 0.8700",
        ),
        (
            {"better_than": "baselines"},
            {"accuracy": 0.86},
            None,
            BASELINES,
            False,
            "accuracy 0.8600 is not better than baseline boosting's 0.8700",
        ),
        (
            {"better_than": "baselines"},
            {"accuracy": 0.86},
            None,
            {"linear": {}},
            False,
            "accuracy 0.8600 is not comparable, as baseline linear has no accuracy",
        ),
        (
            {"better_than": "baselines"},
            {"accuracy": 0.1},
            CHAMPION,
            {},
            True,
            "accuracy 0.1000 is enough, as there is no baseline to beat",
        ),
    ],
)
def test_a_gate(gate: dict, metrics: dict, champion: dict | None, baselines: dict, passed: bool, sentence: str) -> None:
    config = GateConfig.model_validate({"metric": "accuracy", **gate})
    [verdict] = check_gates({"gate": config}, metrics, champion, baselines)
    assert (verdict.passed, verdict.sentence) == (passed, sentence)


def test_gates_are_judged_one_by_one_in_their_order() -> None:
    gates = {"high": GateConfig(metric="accuracy", min=0.9), "low": GateConfig(metric="accuracy", min=0.1)}
    assert [(v.gate, v.passed) for v in check_gates(gates, {"accuracy": 0.5}, None, {})] == [
        ("high", False),
        ("low", True),
    ]
    assert check_gates({}, {}, None, {}) == ()
