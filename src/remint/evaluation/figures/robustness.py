"""What corrupted inputs cost."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from remint.config.metrics import label
from remint.evaluation.figures.style import BLUE, GREY, clean, new_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_COLUMNS = 5
_NEUTRAL = {"factor": 1.0}
"Unit to the level at which nothing is changed, where that is not 0."


def robustness_curves(finding: Mapping[str, Any], metric: str) -> "Figure":
    """Draw a metric over the level of each corruption; a dashed line is what it is where nothing is corrupted."""
    corruptions = finding["corruptions"]
    columns = min(_COLUMNS, len(corruptions))
    rows = -(-len(corruptions) // columns)
    figure = new_figure(max(2.6 * columns + 0.6, 3.6), 2.7 * rows + 0.3)
    axes = figure.subplots(rows, columns, squeeze=False, sharey=True).ravel()
    for axis in axes[len(corruptions) :]:
        axis.set_visible(False)
    for place, (axis, (name, found)) in enumerate(zip(axes, corruptions.items(), strict=False)):
        _panel(axis, name, found["unit"], found["levels"], metric)
        if place % columns == 0:
            axis.set_ylabel(label(metric))
    figure.suptitle(f"{finding['rows']:,} test rows, evenly chosen", fontsize=9, color=GREY)
    return figure


def _panel(axis: "Axes", name: str, unit: str, levels: Sequence[Mapping[str, Any]], metric: str) -> None:
    neutral = _NEUTRAL.get(unit, 0.0)
    points = [(level["level"] or neutral, level["metrics"].get(metric)) for level in levels]
    points = [(x, y) for x, y in points if y is not None]
    if points and points[0][0] == neutral:
        axis.axhline(points[0][1], color="0.6", linewidth=1, linestyle="--")
    axis.plot(*zip(*points, strict=True), color=BLUE, linewidth=1.8, marker="o", markersize=4) if points else None
    places = [x for x, _ in points]
    axis.set_xticks(places, [f"{x:g}" for x in places], fontsize=8)
    if places and places[-1] < places[0]:
        axis.invert_xaxis()
    axis.set_title(name, fontsize=10)
    axis.set_xlabel(unit, fontsize=9)
    clean(axis)
