import pytest

from remint.evaluation.figures.calibration import reliability


def _bin(low: float, rows: int, confidence: float | None, accuracy: float | None) -> dict:
    return {"low": low, "high": low + 0.5, "rows": rows, "confidence": confidence, "accuracy": accuracy}


BINS = [_bin(0, 0, None, None), _bin(0.5, 40, 0.7, 0.6), _bin(0.9, 9, 0.95, 0.9)]
ECE = {"value": 0.0123, "low": 0.01, "high": 0.02}


def test_filled_bins_are_drawn_those_of_few_rows_hollow() -> None:
    upper, lower = reliability({"ece": ECE, "temperature": None, "bins": BINS}).axes
    points = [line for line in upper.lines if line.get_marker() == "o"]
    assert [(list(line.get_xdata()), list(line.get_ydata())) for line in points] == [([0.7], [0.6]), ([0.95], [0.9])]
    assert points[1].get_markerfacecolor() == "white"
    assert [patch.get_height() for patch in upper.patches] == [0.6, 0.9]
    assert [patch.get_height() for patch in lower.patches] == [40, 9]


@pytest.mark.parametrize(
    ("ece", "temperature", "title"),
    [
        (ECE, None, "expected calibration error 0.012  (95 %: 0.010 to 0.020)"),
        ({"value": 0.0123, "low": None, "high": None}, None, "expected calibration error 0.012"),
        (ECE, 1.5, "expected calibration error 0.012  (95 %: 0.010 to 0.020)\nafter temperature scaling, T = 1.5"),
    ],
)
def test_the_title_tells_the_error(ece: dict, temperature: float | None, title: str) -> None:
    figure = reliability({"ece": ece, "temperature": temperature, "bins": BINS})
    figure.canvas.draw()
    assert figure.get_suptitle() == title
