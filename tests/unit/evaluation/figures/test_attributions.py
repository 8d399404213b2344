from pathlib import Path
from typing import Any

import pytest

from remint.evaluation.attributions.findings import attribution_findings
from remint.evaluation.figures.attributions import feature_importance, heat_maps, series_attributions, token_highlights
from remint.evaluation.figures.robustness import robustness_curves
from remint.evaluation.figures.tokens import COLUMNS, readable, token_lines
from tests.prepared import dataset_for, numbers, series, task_of
from tests.unit.evaluation.scoring import network_for, score


def _finding(family: str, folder: Path, data: Any = None) -> dict[str, Any]:
    prepared = dataset_for(family, folder / "d") if data is None else data(folder / "d")
    network = network_for(family, prepared)
    return attribution_findings(network, score(network, prepared), task_of(prepared))


@pytest.mark.parametrize("data", [None, numbers])
def test_columns(tmp_path: Path, data: Any):
    finding = _finding("linear", tmp_path, data)
    figure = feature_importance(finding)
    bars = figure.axes[0]
    assert [label.get_text() for label in bars.get_yticklabels()] == [f["feature"] for f in finding["importance"]]
    assert len(bars.patches) == 5


def test_images_beside_their_maps(tmp_path: Path):
    finding = _finding("cnn", tmp_path)
    figure = heat_maps(finding)
    assert [len(axis.images) for axis in figure.axes] == [1, 2] * 16


@pytest.mark.parametrize("family", ["recurrent", "gpt"])
def test_tokens(tmp_path: Path, family: str):
    finding = _finding(family, tmp_path)
    figure = token_highlights(finding)
    shown = [text.get_text() for axis in figure.axes for text in axis.texts]
    for text in finding["worst"] + finding["examples"]:
        assert any(f"(row {text['row']})" in line for line in shown)
        assert set(text["tokens"]) <= set(shown)


def test_lines_of_tokens():
    lines = token_lines(["好"] * 60, [0.0] * 59 + [-2.0])
    assert [len(line) for line in lines] == [30, 30]
    assert lines[-1][-1] == ("好", -1)
    assert sum(2.5 for _ in lines[0]) <= COLUMNS + 0.5
    assert token_lines([], []) == [[]]
    assert [readable("\n"), readable(" "), readable("x" * 30)] == ["⏎", "␣", "x" * 23 + "…"]


def test_steps(tmp_path: Path):
    finding = _finding("linear", tmp_path, series)
    figure = series_attributions(finding)
    windows = figure.axes[2:]
    assert len(windows) == 6
    for axis in windows:
        assert axis.get_xlim()[1] > 3  # what follows is in sight


def test_curves_of_a_metric():
    levels = [{"level": level, "metrics": {"auroc": 0.9 - level / 10}} for level in (0, 0.75, 0.5)]
    corruptions = {
        "brightness": {"unit": "factor", "levels": levels},
        "noise": {"unit": "pixels", "levels": levels},
        "blur": {"unit": "pixels", "levels": [{"level": 0, "metrics": {}}]},
    }
    figure = robustness_curves({"rows": 20, "corruptions": corruptions}, "auroc")
    brightness, noise, blur = figure.axes
    assert brightness.lines[-1].get_xdata().tolist() == [1, 0.75, 0.5]
    assert brightness.xaxis_inverted()
    assert noise.lines[-1].get_xdata().tolist() == [0, 0.75, 0.5]
    assert not blur.lines
    figure.canvas.draw()
