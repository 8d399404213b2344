"""How good a model is on each slice."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from remint.config.metrics import HIGHER_IS_BETTER, label
from remint.evaluation.figures.style import BLUE, GREY, RED, clean, new_figure, shortened

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_GAP = 1.0
"Between the slices of one column and the next, in lines."
_LINE = 0.23
"Inches."
MOST = 60
"Slices drawn."


def slice_intervals(finding: Mapping[str, Any], metric: str) -> "Figure":
    """Draw a metric of each slice that has it, with its 95 % interval, of `slices.json`.

    A line stands at the metric of all rows; the worst slice is red; slices too small to be the worst are hollow. Of
    more than `MOST` slices the worst are drawn.
    """
    shown = _worst([entry for entry in finding["slices"] if metric in entry["metrics"]], metric)
    places = _places(shown)
    figure = new_figure(7.2, 1.1 + _LINE * (1 + (places[-1] if places else 0)))
    axis = figure.add_subplot()
    overall, worst = finding["overall"].get(metric), finding["worst"].get(metric)
    if overall:
        axis.axvline(overall["value"], color="0.6", linewidth=1, linestyle="--", zorder=1)
    for place, entry in zip(places, shown, strict=True):
        _dot(axis, place, entry["metrics"][metric], _colour(entry, worst), filled=entry["rows"] >= finding["smallest"])
    _name_slices(axis, places, shown, worst)
    title = label(metric)
    axis.set_xlabel(f"{title} (dashed: all rows, {overall['value']:.3g})" if overall else title)
    clean(axis)
    axis.grid(visible=False, axis="y")
    return figure


def _worst(entries: list[dict[str, Any]], metric: str) -> list[dict[str, Any]]:
    sign = 1 if HIGHER_IS_BETTER[metric] else -1
    ranks = sorted(range(len(entries)), key=lambda i: sign * entries[i]["metrics"][metric]["value"])
    return [entries[i] for i in sorted(ranks[:MOST])]


def _places(shown: list[dict[str, Any]]) -> list[float]:
    """Give each slice a line, from the top, with a gap and a heading where another column begins."""
    places: list[float] = []
    for i, entry in enumerate(shown):
        new = i == 0 or shown[i - 1]["slice"] != entry["slice"]
        places.append((places[-1] if places else 0.0) + 1 + (_GAP if new else 0))
    return places


def _dot(axis: "Axes", place: float, interval: Mapping[str, Any], colour: str, *, filled: bool) -> None:
    if interval["low"] is not None:
        axis.plot([interval["low"], interval["high"]], [place, place], color=colour, linewidth=1.8, zorder=2)
    axis.plot(
        interval["value"],
        place,
        "o",
        color=colour,
        markerfacecolor=colour if filled else "white",
        markersize=5,
        zorder=3,
    )


def _colour(entry: Mapping[str, Any], worst: Mapping[str, Any] | None) -> str:
    return RED if _is_worst(entry, worst) else BLUE


def _is_worst(entry: Mapping[str, Any], worst: Mapping[str, Any] | None) -> bool:
    return worst is not None and (entry["slice"], entry["value"]) == (worst["slice"], worst["value"])


def _name_slices(
    axis: "Axes", places: list[float], shown: list[dict[str, Any]], worst: Mapping[str, Any] | None
) -> None:
    axis.set_yticks(places, [f"{shortened(entry['value'])}  ({entry['rows']:,})" for entry in shown], fontsize=9)
    for tick, entry in zip(axis.get_yticklabels(), shown, strict=True):
        tick.set_color(_colour(entry, worst) if _is_worst(entry, worst) else "0.2")
    for i, (place, entry) in enumerate(zip(places, shown, strict=True)):
        if i == 0 or shown[i - 1]["slice"] != entry["slice"]:
            style: dict[str, Any] = {"fontsize": 9, "color": GREY, "fontweight": "bold", "ha": "right", "va": "center"}
            axis.annotate(entry["slice"], (0, place - 1), (-7, 0), ("axes fraction", "data"), "offset points", **style)
    axis.tick_params(axis="y", length=0)
    axis.set_ylim((places[-1] if places else 0) + 0.7, 0.3)
