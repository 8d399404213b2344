from dataclasses import replace

import pytest

from remint.evaluation.calibration import calibration_findings, reliability_bins
from tests.unit.evaluation.looked import classified


def test_the_bins_add_up_to_the_error():
    scored = classified(500, 3)
    bins = reliability_bins(scored)
    assert len(bins) == 15
    assert (bins[0]["low"], bins[-1]["high"]) == (0, 1)
    assert bins[0] == {"low": 0, "high": 0.066667, "rows": 0, "confidence": None, "accuracy": None}
    filled = [one for one in bins if one["rows"]]
    assert sum(one["rows"] for one in filled) == 500
    assert all(one["low"] <= one["confidence"] < one["high"] for one in filled)
    error = sum(one["rows"] / 500 * abs(one["accuracy"] - one["confidence"]) for one in filled)
    assert scored.metrics()["ece"] == pytest.approx(error, abs=1e-6)


def test_the_error_of_a_model_that_is_too_sure_is_found_with_its_interval():
    scored = classified(800)
    squared = scored.predicted["probabilities"] ** 3
    sure = replace(scored, predicted={"probabilities": squared / squared.sum(axis=1, keepdims=True)})
    honest, boasting = calibration_findings(scored, 200), calibration_findings(sure, 200, 1.5)
    assert honest["ece"]["high"] < boasting["ece"]["low"] < boasting["ece"]["value"] < boasting["ece"]["high"]
    assert (honest["temperature"], boasting["temperature"]) == (None, 1.5)
