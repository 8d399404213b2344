"""How far a classifier's probabilities can be believed."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from remint.evaluation.figures.style import BLUE, GREY, RED, clean, new_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_FEW = 10
"Rows below which a bin's accuracy is mostly chance: its point is hollow, and no line leads there."


def reliability(finding: Mapping[str, Any]) -> "Figure":
    """Draw the share that is right over the predicted probability, and how many rows have which: `calibration.json`.

    The bars are the bins; a point below the diagonal is a bin in which the model is surer than it may be.
    """
    bins = [one for one in finding["bins"] if one["rows"]]
    figure = new_figure(5.4, 6.0)
    upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=[3.2, 1])
    _diagram(upper, bins)
    lower.bar(**_bars(bins, [one["rows"] for one in bins]), color=GREY, edgecolor="white", linewidth=0.8)
    lower.set(xlabel="probability of the predicted class", ylabel="test rows", xlim=(-0.01, 1.01))
    lower.yaxis.set_major_formatter(lambda rows, _: f"{rows:,.0f}")
    figure.suptitle(_title(finding), fontsize=11)
    figure.legend(*upper.get_legend_handles_labels(), loc="outside lower center", ncols=3, frameon=False)
    for axis in (upper, lower):
        clean(axis)
    return figure


def _diagram(axis: "Axes", bins: Sequence[Mapping[str, Any]]) -> None:
    axis.plot([0, 1], [0, 1], color="0.6", linewidth=1, linestyle="--", label="as sure as right")
    bars = _bars(bins, [one["accuracy"] for one in bins])
    axis.bar(**bars, color=BLUE, alpha=0.3, edgecolor="white", linewidth=0.8)
    for few, style, face, label in ((False, "o-", RED, "model"), (True, "o", "white", f"fewer than {_FEW} rows")):
        points = [one for one in bins if (one["rows"] < _FEW) is few]
        x, y = [one["confidence"] for one in points], [one["accuracy"] for one in points]
        axis.plot(x, y, style, color=RED, markerfacecolor=face, linewidth=1.4, markersize=5, label=label if x else None)
    axis.set(ylabel="share that is right", ylim=(-0.01, 1.03))


def _bars(bins: Sequence[Mapping[str, Any]], heights: Sequence[float]) -> dict[str, Any]:
    widths = [one["high"] - one["low"] for one in bins]
    return {"x": [one["low"] for one in bins], "height": heights, "width": widths, "align": "edge"}


def _title(finding: Mapping[str, Any]) -> str:
    error, temperature = finding["ece"], finding["temperature"]
    title = f"expected calibration error {error['value']:.3f}"
    if error["low"] is not None:
        title += f"  (95 %: {error['low']:.3f} to {error['high']:.3f})"
    return title if temperature is None else f"{title}\nafter temperature scaling, T = {temperature:.3g}"
