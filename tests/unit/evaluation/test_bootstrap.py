import math
from dataclasses import replace

import numpy as np
import pytest

from remint.config.metrics import METRICS
from remint.config.specs import DataSpec
from remint.evaluation import bootstrap
from remint.evaluation.bootstrap import (
    block_length,
    interval,
    intervals,
    paired_difference,
    resample,
    scored_counts,
)
from tests.prepared import CLASSES, NUMBERS, SERIES, TABLE
from tests.unit.evaluation.looked import classified, measured


@pytest.mark.parametrize("block", [1, 7, 500])
def test_each_replicate_draws_as_many_rows_as_there_are_each_as_likely(block: int):
    counts = resample(100, 2000, seed=0, block=block)
    assert counts.dtype == np.uint8
    assert counts.sum(axis=1).tolist() == [100] * 2000
    assert counts.mean(axis=0) == pytest.approx(np.ones(100), abs=0.25 if block < 100 else 0)


def test_rows_of_a_block_are_drawn_together_and_the_first_follows_the_last():
    counts = resample(100, 200, seed=0, block=10).astype(float)
    assert np.corrcoef(counts[:, 50], counts[:, 51])[0, 1] > 0.7
    assert np.corrcoef(counts[:, 99], counts[:, 0])[0, 1] > 0.7
    assert abs(np.corrcoef(counts[:, 50], counts[:, 75])[0, 1]) < 0.3


@pytest.mark.parametrize("block", [1, 3])
def test_the_seed_decides_and_memory_does_not(block: int, monkeypatch: pytest.MonkeyPatch):
    counts = resample(20, 50, seed=4, block=block)
    monkeypatch.setattr(bootstrap, "MEMORY", 8 * 20 * 7)
    assert (resample(20, 50, seed=4, block=block) == counts).all()
    assert (resample(20, 50, seed=5, block=block) != counts).any()


def test_windows_of_a_series_overlap():
    assert block_length(DataSpec(inputs=SERIES, outputs=NUMBERS)) == 15
    assert block_length(DataSpec(inputs=TABLE, outputs=CLASSES)) == 1


def test_every_metric_has_an_interval_around_it():
    scored = classified(200, 3)
    found = intervals(scored, 200)
    assert {name: found[name] for name in ("level", "replicates", "rows", "block")} == {
        "level": 0.95,
        "replicates": 200,
        "rows": 200,
        "block": 1,
    }
    assert found["metrics"].keys() == set(METRICS["classification"])
    values = scored.metrics()
    for name, one in found["metrics"].items():
        assert one["value"] == pytest.approx(values[name], rel=1e-8)
        assert one["low"] < one["high"]
    assert found["metrics"]["accuracy"]["low"] < values["accuracy"] < found["metrics"]["accuracy"]["high"]
    assert intervals(scored, 200) == found


def test_the_interval_of_a_mean_is_as_wide_as_theory_says():
    scored = measured(400)
    errors = np.abs(scored.predicted["value"] - scored.target)
    found = intervals(scored, 1000)["metrics"]["mae"]
    assert found["high"] - found["low"] == pytest.approx(2 * 1.96 * errors.std() / 20, rel=0.12)


def test_undefined_replicates_are_left_out_unless_they_are_most():
    assert interval(0.5, np.array([0.0, 1.0, math.nan])) == {"value": 0.5, "low": 0.025, "high": 0.975}
    assert interval(0.5, np.array([0.0, math.nan, math.nan])) == {"value": 0.5, "low": None, "high": None}
    assert interval(0.5, np.zeros(0)) == {"value": 0.5, "low": None, "high": None}
    assert interval(1 / 3, np.full(9, 2 / 3)) == {"value": 0.333333333, "low": 0.666666667, "high": 0.666666667}


def test_intervals_cover_the_truth_about_as_often_as_they_say():
    covered, truth = 0, 0.8
    for seed in range(200):
        right = np.random.default_rng(seed).random(150) < truth
        target = np.zeros(150, dtype=np.int64)
        shares = np.where(right[:, None], [0.9, 0.1], [0.1, 0.9])
        counts = resample(150, 200, seed)
        drawn = bootstrap.replicate_metrics(
            "classification", target, {"probabilities": shares}, "ab", counts, {"accuracy"}
        )
        found = interval(right.mean(), drawn["accuracy"])
        assert found["low"] is not None
        assert found["high"] is not None
        covered += found["low"] <= truth <= found["high"]
    assert 0.90 <= covered / 200 <= 0.99


def test_a_paired_difference_is_narrower_than_two_intervals_and_tells_which_is_better():
    scored = measured(300)
    a = {"value": scored.target + 1.1 * (scored.predicted["value"] - scored.target)}
    found = paired_difference("regression", scored.target, a, scored.predicted, (), "rmse", 300)
    alone = intervals(scored, 300)["metrics"]["rmse"]
    assert found["value"] == pytest.approx(0.1 * alone["value"])
    assert 0 < found["low"] < found["value"] < found["high"]
    assert found["high"] - found["low"] < (alone["high"] - alone["low"]) / 5


def test_a_model_does_not_differ_from_itself():
    scored = classified(100)
    found = paired_difference(
        "classification", scored.target, scored.predicted, scored.predicted, scored.classes, "auroc", 100, seed=1
    )
    assert found == {"value": 0, "low": 0, "high": 0}


def test_no_difference_where_the_metric_is_undefined():
    scored = classified(100)
    target = np.zeros(100, dtype=np.int64)
    found = paired_difference("classification", target, scored.predicted, scored.predicted, "ab", "auroc", 100)
    assert found == {"value": None, "low": None, "high": None}


def test_series_beside_each_other_are_drawn_together_step_by_step():
    steps = np.arange(100)
    series = SERIES.model_copy(update={"history": 5, "horizon": 1})
    spec = DataSpec(inputs=series, outputs=NUMBERS)
    scored = replace(measured(180), spec=spec, moments=np.concatenate([steps, steps[10:90]]) + 7)
    counts = scored_counts(scored, 300)
    assert (counts[:, 10:90] == counts[:, 100:]).all()
    assert counts.sum() == pytest.approx(300 * 180, rel=0.02)
    assert np.corrcoef(counts[:, 50].astype(float), counts[:, 51].astype(float))[0, 1] > 0.5
    assert (scored_counts(scored, 300) == counts).all()
