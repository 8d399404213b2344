from pathlib import Path

import numpy as np
import pytest

from remint.config.metrics import METRICS
from remint.data.prepared import Prepared
from remint.evaluation.metrics import compute_metrics
from remint.evaluation.sanity import sanity_findings
from remint.evaluation.scored import Scored
from remint.files import json_text
from tests import prepared as made

TASKS = {"classes": "classification", "number": "regression", "numbers": "forecasting", "tokens": "language_modelling"}


def _scored(prepared: Prepared) -> Scored:
    arrays, spec = prepared.split("test"), prepared.spec
    target = arrays["target"] if "target" in arrays else arrays["characters"]
    return Scored(TASKS[spec.outputs.kind], spec, arrays, prepared.rows("test"), target, {})


@pytest.mark.parametrize("make", [made.table, made.numbers, made.images, made.texts, made.series, made.ratings])
def test_every_kind_of_data_has_a_constant_prediction_known_from_train(tmp_path: Path, make):
    prepared = make(tmp_path / "d")
    scored = _scored(prepared)
    found = sanity_findings(prepared, scored)
    json_text(found)
    constant = found["constant"]
    assert constant.keys() == set(METRICS[scored.task])
    train, test = prepared.split("train")["target"], scored.target
    if scored.task == "classification":
        shares = np.bincount(train) / len(train)
        assert constant["accuracy"] == pytest.approx((test == shares.argmax()).mean(), rel=1e-8)
        assert constant["log_loss"] == pytest.approx(-np.log(shares[test]).mean(), rel=1e-8)
        assert constant["auroc"] == 0.5
    else:
        assert constant["mae"] == pytest.approx(np.abs(test - train.mean(dtype=np.float64)).mean(), rel=1e-8)
        assert constant["r2"] < 0.01


def test_texts_to_continue_have_no_constant_prediction(tmp_path: Path):
    prepared = made.language(tmp_path / "d")
    found = sanity_findings(prepared, _scored(prepared))
    assert found["constant"] == {}
    assert found["single_features"] == []


def test_a_network_is_held_against_the_metrics_it_is_scored_by(tmp_path: Path):
    prepared = made.table(tmp_path / "d")
    scored = _scored(prepared)
    shares = np.tile(np.bincount(prepared.split("train")["target"]) / 200, (60, 1))
    expected = compute_metrics("classification", scored.target, {"probabilities": shares}, scored.classes)
    assert sanity_findings(prepared, scored)["constant"] == pytest.approx(expected, rel=1e-8)
