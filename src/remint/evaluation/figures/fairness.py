"""How alike groups of people are treated."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from remint.evaluation.figures.style import BLUE, GREEN, RED, clean, new_figure, shortened

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_RATES = {
    "selection_rate": (BLUE, "selection rate"),
    "true_positive_rate": (GREEN, "true positive rate"),
    "false_positive_rate": (RED, "false positive rate"),
}
_LINE, _BAR = 0.62, 0.26
"Inches of a group, and height of a bar as a share of them."
_FAINT = 0.35
"Of a group that the differences leave out."
MOST = 30
"Groups drawn of a column."


def fairness_gaps(finding: Mapping[str, Any]) -> "Figure":
    """Draw the rates of each group, a panel a sensitive column, with the differences and their intervals above.

    Takes `fairness.json`. Groups too small to count are faint; of more than `MOST` groups the largest are drawn.
    """
    columns = finding["columns"]
    heights = [0.9 + _LINE * min(len(column["groups"]), MOST) for column in columns.values()]
    figure = new_figure(7.2, sum(heights) + 0.8)
    axes = figure.subplots(len(columns), 1, squeeze=False, sharex=True, height_ratios=heights)[:, 0]
    for axis, (name, column) in zip(axes, columns.items(), strict=True):
        _panel(axis, name, column)
    axes[-1].set_xlabel(f"share of the group (positive: {shortened(finding['positive'])})")
    handles, labels = axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper center", ncols=len(labels), frameon=False)
    return figure


def _panel(axis: "Axes", name: str, column: Mapping[str, Any]) -> None:
    groups = sorted(column["groups"].items(), key=lambda pair: (-pair[1]["rows"], pair[0]))[:MOST]
    for number, (rate, (colour, label)) in enumerate(_RATES.items()):
        for place, (group, rates) in enumerate(groups):
            faint = _FAINT if group in column["left_out"] else 1.0
            at, value = place + (number - 1) * _BAR, rates[rate]
            shown = label if place == 0 else None
            axis.barh(at, value, height=_BAR * 0.88, color=colour, alpha=faint, label=shown)
            axis.annotate(f"{value:.2f}", (value, at), (3, 0), textcoords="offset points", va="center", fontsize=7)
    names = [f"{shortened(group)}  ({rates['rows']:,})" for group, rates in groups]
    axis.set_yticks(range(len(groups)), names, fontsize=9)
    axis.set_title(f"{name}: {_told(column)}", fontsize=9, loc="left")
    axis.set(ylim=(len(groups) - 0.45, -0.55), xlim=(0, 1))
    clean(axis)
    axis.grid(visible=False, axis="y")
    axis.tick_params(axis="y", length=0)


def _told(column: Mapping[str, Any]) -> str:
    differences = {
        "demographic parity difference": column["demographic_parity_difference"],
        "equalised odds difference": column["equalized_odds_difference"],
    }
    if any(interval["value"] is None for interval in differences.values()):
        return "fewer than two groups are large enough to compare"
    return "\n".join(f"{name} {_interval(interval)}" for name, interval in differences.items())


def _interval(interval: Mapping[str, float | None]) -> str:
    told = f"{interval['value']:.3f}"
    return told if interval["low"] is None else f"{told}  ({interval['low']:.3f} to {interval['high']:.3f})"
