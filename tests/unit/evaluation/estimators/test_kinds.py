import re
from pathlib import Path

import numpy as np
import pytest

from remint.config.dataset import BaselineConfig
from remint.config.specs import NumbersSpec, SeriesSpec
from remint.data.prepared import Prepared
from remint.errors import ConfigError
from remint.evaluation.baselines import BaselineResults, evaluate_baselines
from remint.evaluation.estimators.base import KINDS
from tests.prepared import images, numbers, ratings, series, table
from tests.unit.evaluation.written import prepared_texts

REVIEWS = [f"{a}{mark}{b}" for mark in "好坏" for a in "abcdefg" for b in "hij"]


def _texts(folder: Path) -> Prepared:
    return prepared_texts(folder, REVIEWS, [f"k{mark}" for mark in "好坏好"], classes="好坏")


def _language(folder: Path) -> Prepared:
    return prepared_texts(folder, ["abab abab", "ba ba"] * 9, ["abab ba", ""])


def _scored(prepared: Prepared, estimator: str, **parameters: object) -> BaselineResults:
    config = BaselineConfig(estimator=estimator, parameters=parameters)  # type: ignore[arg-type]
    return evaluate_baselines("x", prepared, {"it": config})


@pytest.mark.parametrize(
    ("make", "allowed"),
    [
        (table, ["constant", "linear", "gradient-boosting"]),
        (numbers, ["constant", "linear", "gradient-boosting"]),
        (images, ["constant", "linear", "gradient-boosting"]),
        (_texts, ["constant", "linear", "tfidf-svm"]),
        (_language, ["constant", "n-gram"]),
        (series, ["constant", "linear", "seasonal-naive"]),
    ],
)
def test_each_kind_of_data_has_its_estimators(tmp_path: Path, make, allowed: list[str]):
    prepared = make(tmp_path / "d")
    for kind in KINDS:
        if kind in allowed:
            assert _scored(prepared, kind).metrics["it"]
        else:
            told = ", ".join(f'"{name}"' for name in KINDS if name in allowed)
            with pytest.raises(
                ConfigError, match=f"datasets.x.baselines.it.estimator is .{kind}.; allowed for .*{told}$"
            ):
                _scored(prepared, kind)


def test_support_vectors_find_the_character_that_tells(tmp_path: Path):
    prepared = _texts(tmp_path / "d")
    found = _scored(prepared, "tfidf-svm", analyzer="char", ngram=[1, 2], min_frequency=1, c=1.0)
    assert found.metrics["it"]["accuracy"] == 1
    assert list(found.predictions) == ["baseline", "row", "target", "prediction", "p_好", "p_坏"]
    assert _scored(prepared, "linear", analyzer="char", C=10).metrics["it"]["accuracy"] == 1


def test_a_class_of_one_text_cannot_be_calibrated(tmp_path: Path):
    prepared = prepared_texts(tmp_path / "d", [*REVIEWS, "s"], ["好"], classes="好坏s")
    with pytest.raises(ConfigError, match='class "s" has 1 row in train; allowed: at least 2'):
        _scored(prepared, "tfidf-svm", analyzer="char")


def test_n_grams_know_more_than_single_characters(tmp_path: Path):
    prepared = _language(tmp_path / "d")
    found = _scored(prepared, "n-gram", order=4)
    assert found.metrics["it"].keys() == {"bits_per_character"}
    assert (
        found.metrics["it"]["bits_per_character"]
        < 0.8 * _scored(prepared, "constant").metrics["it"]["bits_per_character"]
    )
    assert list(found.predictions) == ["baseline", "row", "characters", "bits_per_character"]
    assert found.predictions["characters"].tolist() == [8, 1]


def test_series_mean_naive_and_lags(tmp_path: Path):
    prepared = series(tmp_path / "d")
    constant, linear = _scored(prepared, "constant"), _scored(prepared, "linear", alpha=0.01)
    mean = prepared.split("train")["target"].mean(axis=0)
    test = prepared.split("test")["target"]
    assert constant.metrics["it"]["mae"] == pytest.approx(np.abs(test - mean).mean(), rel=1e-5)
    assert linear.metrics["it"]["rmse"] < 0.3 * constant.metrics["it"]["rmse"]
    assert list(linear.predictions) == [
        *("baseline", "row", "target_1", "target_2", "target_3", "prediction_1", "prediction_2", "prediction_3")
    ]


def test_the_seasonal_naive_forecast_repeats_the_last_period(tmp_path: Path):
    prepared = series(tmp_path / "d")
    inputs, outputs, arrays = prepared.spec.inputs, prepared.spec.outputs, prepared.split("test")
    assert isinstance(inputs, SeriesSpec)
    assert isinstance(outputs, NumbersSpec)
    end = int(arrays["starts"][7]) + inputs.history
    raw = arrays["series"][:, 0] * outputs.std + outputs.mean
    for period, places in ((None, [-3, -2, -1]), (2, [-2, -1, -2]), (12, [-12, -11, -10])):
        found = _scored(prepared, "seasonal-naive", **({"period": period} if period else {})).predictions
        row = found[["prediction_1", "prediction_2", "prediction_3"]].iloc[7]
        np.testing.assert_allclose(row, raw[[end + place for place in places]], rtol=1e-5)


def test_a_wide_table_is_fitted_sparsely_and_not_boosted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    prepared = ratings(tmp_path / "d")
    dense = _scored(prepared, "linear", alpha=2.0)
    monkeypatch.setattr("remint.data.prepared.WIDE", 10)
    assert not isinstance(prepared.matrix("test"), np.ndarray)
    sparse = _scored(prepared, "linear", alpha=2.0)
    assert sparse.metrics["it"]["rmse"] == pytest.approx(dense.metrics["it"]["rmse"], rel=1e-3)
    monkeypatch.setattr("remint.evaluation.estimators.gradient_boosting.WIDE", 10)
    with pytest.raises(ConfigError, match=r'estimator is "gradient-boosting"; allowed .*: "constant", "linear"$'):
        _scored(prepared, "gradient-boosting")


@pytest.mark.parametrize(
    ("make", "estimator", "parameters", "message"),
    [
        (
            _language,
            "n-gram",
            {"ordr": 5},
            'n parameters.ordr is not a known key; allowed: min_frequency, order; did you mean "order"?',
        ),
        (_language, "n-gram", {"order": 0}, "parameters.order is 0; allowed: "),
        (_language, "constant", {"order": 2}, "parameters.order is not a known key; allowed: min_frequency"),
        (_texts, "tfidf-svm", {"analyzer": "letter"}, 'parameters.analyzer is "letter"; allowed: "word" or "char"'),
        (_texts, "tfidf-svm", {"ngram": [2, 1]}, "ngram is [2, 1]; allowed: the smaller number first"),
        (_texts, "linear", {"c": 1}, "parameters.c is not a parameter of LogisticRegression; allowed: C, "),
        (series, "seasonal-naive", {"period": 13}, "it: period 13 is longer than the history; allowed: up to 12"),
        (series, "linear", {"alpha": "x"}, "cannot be fitted: The 'alpha' parameter of Ridge"),
    ],
)
def test_wrong_parameters_are_told(tmp_path: Path, make, estimator: str, parameters: dict, message: str):
    with pytest.raises(ConfigError, match=re.escape(message.removeprefix("n "))):
        _scored(make(tmp_path / "d"), estimator, **parameters)


@pytest.mark.parametrize(
    ("make", "estimator", "parameters"),
    [
        (_texts, "tfidf-svm", {}),
        (_language, "n-gram", {}),
        (series, "linear", {}),
        (table, "linear", {"solver": "saga", "max_iter": 3}),
        (numbers, "linear", {"solver": "saga", "max_iter": 3}),
        (_texts, "linear", {"analyzer": "char", "solver": "saga", "max_iter": 3}),
        (table, "constant", {"strategy": "stratified"}),
        (table, "gradient-boosting", {"early_stopping": True, "max_iter": 3}),
    ],
)
def test_the_same_data_gives_the_same_bits(tmp_path: Path, make, estimator: str, parameters: dict):
    prepared = make(tmp_path / "d")
    first, second = _scored(prepared, estimator, **parameters), _scored(prepared, estimator, **parameters)
    assert first.metrics == second.metrics
    assert first.predictions.equals(second.predictions)
