import pytest

from remint.evaluation.figures.slices import MOST, slice_intervals
from remint.evaluation.figures.style import RED


def _interval(value: float, low: float | None = 0.5, high: float | None = 0.9) -> dict[str, float | None]:
    return {"value": value, "low": low, "high": high}


def _slice(name: str, value: str, rows: int, **metrics: dict) -> dict:
    return {"slice": name, "value": value, "rows": rows, "metrics": metrics}


FINDING = {
    "smallest": 50,
    "overall": {"accuracy": _interval(0.8)},
    "slices": [
        _slice("sex", "Female", 1200, accuracy=_interval(0.85)),
        _slice("sex", "Male", 900, accuracy=_interval(0.7)),
        _slice("age", "< 25", 10, accuracy=_interval(0.6, None, None)),
        _slice("age", "≥ 25", 2090),
    ],
    "worst": {"accuracy": {"slice": "sex", "value": "Male", "rows": 900, "metric": _interval(0.7)}},
}


def test_each_slice_that_has_the_metric_has_a_dot_and_the_worst_is_red() -> None:
    axis = slice_intervals(FINDING, "accuracy").axes[0]
    dots = [line for line in axis.lines if line.get_marker() == "o"]
    assert [float(line.get_xdata()[0]) for line in dots] == [0.85, 0.7, 0.6]
    assert [line.get_color() == RED for line in dots] == [False, True, False]
    assert [line.get_markerfacecolor() == "white" for line in dots] == [False, False, True]
    assert [text.get_text() for text in axis.get_yticklabels()] == ["Female  (1,200)", "Male  (900)", "< 25  (10)"]
    assert {text.get_text() for text in axis.texts} == {"sex", "age"}


def test_bars_are_the_intervals_and_a_line_is_all_rows() -> None:
    axis = slice_intervals(FINDING, "accuracy").axes[0]
    bars = [list(line.get_xdata()) for line in axis.lines if len(line.get_xdata()) == 2 and line.get_linestyle() == "-"]
    assert bars == [[0.5, 0.9], [0.5, 0.9]]
    assert [list(line.get_xdata()) for line in axis.lines if line.get_linestyle() == "--"] == [[0.8, 0.8]]


@pytest.mark.parametrize(("metric", "shown"), [("accuracy", 3), ("auroc", 0)])
def test_it_can_be_drawn_with_slices_and_without(metric: str, shown: int) -> None:
    figure = slice_intervals(FINDING, metric)
    figure.canvas.draw()
    assert len(figure.axes[0].get_yticklabels()) == shown


def test_of_many_slices_the_worst_are_drawn_in_their_order() -> None:
    slices = [_slice("town", f"{i:03}", 60, accuracy=_interval(i / 200)) for i in (7, 3, *range(100, 200), 1)]
    axis = slice_intervals({**FINDING, "slices": slices, "worst": {}}, "accuracy").axes[0]
    names = [text.get_text().split()[0] for text in axis.get_yticklabels()]
    assert len(names) == MOST
    assert names[:3] == ["007", "003", "100"]
    assert names[-1] == "001"
