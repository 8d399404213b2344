import re
from pathlib import Path

import numpy as np
import pytest
from threadpoolctl import threadpool_info

from remint.config.dataset import BaselineConfig
from remint.errors import ConfigError
from remint.evaluation.baselines import evaluate_baselines
from tests.prepared import images, numbers, table

ALL = {name: BaselineConfig(estimator=name) for name in ("constant", "linear", "gradient-boosting")}


def _linear(**parameters: object) -> dict[str, BaselineConfig]:
    return {"linear": BaselineConfig(estimator="linear", parameters=parameters)}


def test_classifiers(tmp_path: Path):
    prepared = table(tmp_path / "d", train=400)
    found = evaluate_baselines("x", prepared, ALL)
    assert list(found.metrics) == list(ALL)
    assert found.metrics["constant"]["auroc"] == 0.5
    assert found.metrics["linear"]["accuracy"] > found.metrics["constant"]["accuracy"] + 0.1
    predictions = found.predictions
    assert list(predictions) == ["baseline", "row", "target", "prediction", "p_no", "p_yes"]
    assert len(predictions) == 3 * 60
    assert predictions["row"].tolist() == prepared.rows("test")["row"].tolist() * 3


def test_regressors(tmp_path: Path):
    prepared = numbers(tmp_path / "d")
    found = evaluate_baselines("x", prepared, ALL)
    mean = prepared.split("train")["target"].mean()
    error = prepared.split("test")["target"] - mean
    assert found.metrics["constant"]["mae"] == pytest.approx(np.abs(error).mean(), rel=1e-5)
    assert found.metrics["linear"]["r2"] > 0.95
    assert list(found.predictions) == ["baseline", "row", "target", "prediction"]


def test_images(tmp_path: Path):
    found = evaluate_baselines("x", images(tmp_path / "d"), _linear(max_iter=50))
    assert found.metrics["linear"]["accuracy"] > 0.9


@pytest.mark.parametrize("make", [table, numbers])
def test_the_same_data_gives_the_same_bits_and_threads_are_put_back(tmp_path: Path, make):
    prepared = make(tmp_path / "d", train=300)
    threads = [(pool["filepath"], pool["num_threads"]) for pool in threadpool_info()]
    first, second = evaluate_baselines("x", prepared, ALL), evaluate_baselines("x", prepared, ALL)
    assert first.metrics == second.metrics
    assert first.predictions.equals(second.predictions)
    known = dict(threads)
    assert all(known.get(pool["filepath"], pool["num_threads"]) == pool["num_threads"] for pool in threadpool_info())


def test_no_baselines_leave_no_results(tmp_path: Path):
    found = evaluate_baselines("x", table(tmp_path / "d"), {})
    assert found.metrics == {}
    assert found.predictions.empty


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        (
            {"max_itr": 5},
            "datasets.yaml: datasets.x.baselines.linear.parameters.max_itr is not a parameter of LogisticRegression; "
            "allowed: C, ",
        ),
        ({"random_state": 5}, "parameters.random_state is not a parameter"),
        ({"C": -1}, "datasets.yaml: datasets.x.baselines.linear cannot be fitted: The 'C' parameter of Logistic"),
    ],
)
def test_a_wrong_parameter_is_told(tmp_path: Path, parameters: dict, message: str):
    with pytest.raises(ConfigError, match=re.escape(message)):
        evaluate_baselines("x", table(tmp_path / "d"), _linear(**parameters))


def test_the_nearest_parameter_is_suggested(tmp_path: Path):
    with pytest.raises(ConfigError, match=r'did you mean "max_iter"\?'):
        evaluate_baselines("x", table(tmp_path / "d"), _linear(max_itr=5))
