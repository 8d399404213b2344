from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from remint.config.evaluation import EvaluationConfig
from remint.evaluation import robustness
from remint.evaluation.corruptions import corrupt_image, corrupt_series, corrupt_table
from remint.evaluation.robustness import robustness_findings
from remint.evaluation.typos import with_typos
from remint.preprocessing.tabular import NumericColumn, TabularPreprocessor
from tests.prepared import images, table, task_of
from tests.unit.evaluation.scoring import network_for, score


def _random() -> np.random.Generator:
    return np.random.default_rng(3)


def _dot() -> np.ndarray:
    image = np.zeros((40, 1, 9, 11), dtype=np.uint8)
    image[:, :, 4, 5] = 200
    return image


def test_images_are_shifted_by_pixels_in_four_directions():
    places = [tuple(np.argwhere(image[0] == 200)[0]) for image in corrupt_image("shift", _dot(), 2, _random())]
    assert set(places) == {(4, 7), (6, 5), (4, 3), (2, 5)}


def test_images_are_turned_by_degrees_either_way():
    image = np.zeros((20, 1, 9, 9), dtype=np.uint8)
    image[:, :, 4, 7] = 200
    places = {tuple(np.argwhere(turned[0] > 150)[0]) for turned in corrupt_image("rotation", image, 90, _random())}
    assert places == {(1, 4), (7, 4)}


def test_images_are_darkened_blurred_and_noisy():
    assert corrupt_image("brightness", _dot(), 0.5, _random()).max() == 100
    blurred = corrupt_image("blur", _dot(), 1, _random()).astype(int)
    assert blurred[0].max() < 60
    assert blurred[0].sum() == pytest.approx(200, abs=25)
    grey = np.full((50, 3, 8, 8), 128, dtype=np.uint8)
    assert corrupt_image("noise", grey, 0.1, _random()).std() == pytest.approx(25.5, rel=0.05)


def test_values_of_a_table_go_missing_as_when_they_are_served():
    arrays = {"numeric": np.zeros((4000, 2), np.float32), "codes": np.ones((4000, 1), np.int64)}
    blank = {"numeric": np.array([[5.0, 6.0]], np.float32), "codes": np.array([[0]])}
    found = corrupt_table("missing", arrays, 0.2, _random(), blank)
    assert set(found["numeric"][:, 0]) == {0, 5}
    assert set(found["numeric"][:, 1]) == {0, 6}
    assert found["numeric"].dtype == np.float32
    assert (found["codes"] == 0).mean() == pytest.approx(0.2, abs=0.03)
    noisy = corrupt_table("noise", arrays, 0.1, _random(), blank)
    assert noisy["numeric"].std() == pytest.approx(0.1, rel=0.05)
    assert (noisy["codes"] == 1).all()


def test_missing_steps_hold_the_last_value_and_the_calendar_goes_on():
    series = np.arange(60, dtype=np.float32).reshape(30, 2)
    found = corrupt_series("missing", series, 0.4, _random(), measured=1)
    changed = found[:, 0] != series[:, 0]
    assert 5 < changed.sum() < 20
    assert (found[changed, 0] == found[np.flatnonzero(changed) - 1, 0]).all()
    assert (found[:, 1] == series[:, 1]).all()
    noisy = corrupt_series("noise", series, 0.1, _random(), measured=1)
    assert (noisy[:, 0] != series[:, 0]).all()
    assert (noisy[:, 1] == series[:, 1]).all()


def test_typos():
    texts = ["the quick brown fox jumps over the lazy dog " * 20, "", "这家酒店的服务很好。" * 40]
    typed = with_typos(texts, 0.1, _random())
    assert typed == with_typos(texts, 0.1, _random())
    assert typed[1] == ""
    assert len(typed[2]) == len(texts[2])  # whole characters, each one other
    wrong = [new for old, new in zip(texts[2], typed[2], strict=True) if old != new]
    assert 15 < len(wrong) < 60
    assert set(wrong) <= set(texts[2])
    assert typed[0] != texts[0]
    assert abs(len(typed[0]) - len(texts[0])) < 40


PREPROCESSOR = TabularPreprocessor(
    {name: NumericColumn(False, 0.0, -1.0, 0.5) for name in ("age", "height", "weight")},
    {"job": ("a", "b", "c"), "town": ("a", "b", "c", "d", "e")},
)
CONFIG = EvaluationConfig(corruptions={"missing": (0.5, 1), "noise": (0.1,)})


def test_metrics_of_each_level(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    prepared = table(tmp_path / "d")
    network, task = network_for("linear", prepared), task_of(prepared)
    scored = score(network, prepared)
    found = robustness_findings(network, scored, CONFIG, task, PREPROCESSOR)
    assert found == robustness_findings(network, scored, CONFIG, task, PREPROCESSOR)
    assert found["rows"] == 60
    missing = found["corruptions"]["missing"]
    assert missing["unit"] == "share of values"
    assert [level["level"] for level in missing["levels"]] == [0, 0.5, 1]
    assert missing["levels"][0]["metrics"]["log_loss"] == pytest.approx(scored.metrics()["log_loss"])
    # Where all is missing every row is alike: standardised, the fill value is 2.
    assert missing["levels"][2]["metrics"]["auroc"] == 0.5
    one = {name: pd.Series([None], dtype=object) for name in ("age", "height", "weight", "job", "town")}
    assert PREPROCESSOR.transform(pd.DataFrame(one))["numeric"].tolist() == [[2, 2, 2]]
    monkeypatch.setattr(robustness, "ROWS", 20)
    assert robustness_findings(network, scored, CONFIG, task, PREPROCESSOR)["rows"] == 20


def test_images_of_a_split(tmp_path: Path):
    prepared = images(tmp_path / "d")
    network, config = network_for("cnn", prepared), EvaluationConfig(corruptions={"shift": (1,), "blur": (0.5,)})
    found = robustness_findings(network, score(network, prepared), config, task_of(prepared), PREPROCESSOR)
    assert list(found["corruptions"]) == ["shift", "blur"]
