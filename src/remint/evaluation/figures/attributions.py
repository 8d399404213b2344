"""What predictions rest on: columns, pixels, tokens, steps."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from remint.evaluation.attributions.images import heat_of
from remint.evaluation.figures.style import BLUE, GREEN, GREY, RED, clean, new_figure, shortened
from remint.evaluation.figures.tokens import COLUMN, COLUMNS, LINE, readable, token_lines, write_line, write_tokens
from remint.evaluation.pixels import pixels_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure, SubFigure

_BARS = 20
"Columns of a bar chart at most."
_FEWEST, _CASE = 3, 6
"Bars that a chart has room for at least; columns of one row at most."
_NAME = 34
"Characters of a column with its value."
_GROUPS = (("worst", "largest loss"), ("examples", "chosen evenly"))
_PAIRS = 4
"Images beside their heat maps in a line."
_STRONGEST = 0.99
"Quantile of a heat map's strength from which on the colour is the strongest."
_FOR_CLASSES = "blue speaks for what is predicted, red against it"
_FOR_NUMBERS = "blue raises what is predicted, red lowers it"
_TOKENS = "blue tokens speak for what is predicted, red ones against it"
_COLOURS = "RdBu"
"Blue speaks for what is predicted, red against it."


def feature_importance(finding: Mapping[str, Any]) -> "Figure":
    """Draw the columns' importance, and beside it what the columns add to the prediction of the worst rows."""
    shown = finding["importance"][:_BARS]
    cases = [(title, sample) for key, title in _GROUPS for sample in finding[key][:2]]
    height = max(0.26 * len(shown) + 1.2, 2.1 + 0.52 * min(max(len(shown), _FEWEST), _CASE))
    figure = new_figure(14.0, height)
    left, right = figure.subfigures(1, 2, width_ratios=[1, 1.9], squeeze=False)[0]
    classes = any("probability" in sample for _, sample in cases)
    right.suptitle(_FOR_CLASSES if classes else _FOR_NUMBERS, fontsize=10)
    _bars(left.subplots(), shown, len(finding["importance"]), finding)
    axes = right.subplots(2, 2).ravel()
    for axis in axes[len(cases) :]:
        axis.set_visible(False)
    for axis, (title, sample) in zip(axes, cases, strict=False):
        _case(axis, title, sample)
    return figure


def heat_maps(finding: Mapping[str, Any]) -> "Figure":
    """Draw images, each beside its heat map over it: blue speaks for what is predicted, red against it."""
    groups = [(title, finding[key]) for key, title in _GROUPS if finding[key]]
    heights = [-(-len(samples) // _PAIRS) * 1.85 + 0.35 for _, samples in groups]
    figure = new_figure(3.3 * _PAIRS, sum(heights))
    parts = figure.subfigures(len(groups), 1, height_ratios=heights, squeeze=False)[:, 0]
    for part, (title, samples) in zip(parts, groups, strict=True):
        part.suptitle(f"{title}: {_FOR_CLASSES if 'probability' in samples[0] else _FOR_NUMBERS}", fontsize=10)
        _pairs(part, samples)
    return figure


def token_highlights(finding: Mapping[str, Any]) -> "Figure":
    """Draw texts, the worst on the left: blue tokens speak for what is predicted, red ones against it."""
    groups = [
        [(text, token_lines(text["tokens"], text["attributions"])) for text in finding[key]] for key, _ in _GROUPS
    ]
    heights = [sum(len(lines) + 1.8 + bool(text["rest"]) for text, lines in group) for group in groups]
    side, tall = COLUMNS * COLUMN, max(heights) * LINE
    wide, high = 2 * side + 0.9, tall + 0.75
    figure = new_figure(wide, high)
    figure.set_layout_engine("none")  # what follows counts inches
    figure.text(0.3 / wide, 1 - 0.1 / high, f"{_TOKENS}: {finding['of']}", fontsize=9, color=GREY, va="top")
    for number, ((_, title), group) in enumerate(zip(_GROUPS, groups, strict=True)):
        left = 0.3 + number * (side + 0.3)
        axis = figure.add_axes((left / wide, 0.05 / high, side / wide, tall / high))
        axis.set(xlim=(0, side), ylim=(tall, 0))
        axis.axis("off")
        axis.set_title(title, fontsize=11, loc="left", pad=8)
        place = 0.0
        for text, lines in group:
            head = f"{_told(text)}   (row {text['row']})"
            axis.text(0, place, head, color=_colour(text), fontsize=9, fontweight="bold", va="top", parse_math=False)
            write_tokens(axis, place + 0.8 * LINE, lines)
            place += LINE * (len(lines) + 0.9)
            if text["rest"]:
                strongest = max(map(abs, text["attributions"]))
                share = f"{text['rest'] / strongest:+.2f} of the strongest one" if strongest else f"{text['rest']:+.2g}"
                write_line(axis, place, f"… the other tokens: {share}")
                place += LINE
            place += 0.9 * LINE
    return figure


def series_attributions(finding: Mapping[str, Any]) -> "Figure":
    """Draw the features' and the steps' importance, and below windows with the steps that their forecast rests on."""
    from matplotlib.ticker import NullFormatter, StrMethodFormatter

    windows = [(title, window) for key, title in _GROUPS for window in finding[key]]
    figure = new_figure(13.4, 3.4 + 2.5 * -(-len(windows) // 3))
    above, below = figure.subfigures(2, 1, height_ratios=[3.2, 2.5 * -(-len(windows) // 3)], squeeze=False)[:, 0]
    left, right = above.subplots(1, 2)
    _bars(left, finding["features"][:_BARS], len(finding["features"]), finding)
    right.plot(np.arange(1, len(finding["steps"]) + 1), finding["steps"], color=BLUE, linewidth=1.8)
    right.set(xlabel="steps back", ylabel="mean absolute attribution", yscale="log")
    right.yaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
    right.yaxis.set_minor_formatter(NullFormatter())
    right.invert_xaxis()
    clean(right)
    axes = below.subplots(-(-len(windows) // 3), 3, squeeze=False).ravel()
    for axis in axes[len(windows) :]:
        axis.set_visible(False)
    for axis, (title, window) in zip(axes, windows, strict=False):
        _window(axis, title, window)
    handles, labels = axes[0].get_legend_handles_labels()
    below.legend(handles, labels, loc="outside upper right", ncols=3, frameon=False, fontsize=9)
    below.suptitle(f"under each window: {_FOR_NUMBERS}, step by step", fontsize=10, x=0.02, ha="left")
    return figure


def _bars(axis: "Axes", shown: Sequence[Mapping[str, Any]], all_: int, finding: Mapping[str, Any]) -> None:
    names = [shortened(entry["feature"]) for entry in shown]
    axis.barh(range(len(shown)), [entry["importance"] for entry in shown], color=BLUE, height=0.72)
    axis.set_yticks(range(len(shown)), names, fontsize=9)
    axis.set_ylim(max(len(shown), _FEWEST) - 0.5, -0.5)
    axis.set_xlabel(f"mean absolute attribution to\n{finding['of']}", fontsize=8.5)
    of_all = f"the first {len(shown)} of {all_} columns, " if len(shown) < all_ else ""
    axis.set_title(f"{of_all}{finding['rows']:,} test rows", fontsize=10, loc="left")
    clean(axis)
    axis.grid(visible=False, axis="y")
    axis.tick_params(axis="y", length=0)


def _case(axis: "Axes", title: str, sample: Mapping[str, Any]) -> None:
    shown = sample["attributions"][:_CASE]
    values = [entry["attribution"] for entry in shown]
    names = [_cut(f"{entry['feature']} = {_plain(entry['value'])}") for entry in shown]
    axis.barh(range(len(shown)), values, color=[BLUE if value >= 0 else RED for value in values], height=0.72)
    axis.set_yticks(range(len(shown)), names, fontsize=8, parse_math=False)
    axis.set_ylim(max(len(shown), _FEWEST) - 0.5, -0.5)
    axis.axvline(0, color="0.5", linewidth=0.8)
    axis.tick_params(axis="x", labelsize=8)
    axis.tick_params(axis="y", length=0)
    axis.set_title(f"{title}: {_told(sample)}", fontsize=9, loc="left", color=_colour(sample), parse_math=False)
    clean(axis)
    axis.grid(visible=False, axis="y")


def _pairs(part: "SubFigure", samples: Sequence[Mapping[str, Any]]) -> None:
    lines = -(-len(samples) // _PAIRS)
    cells = part.subfigures(lines, _PAIRS, squeeze=False).ravel()
    for cell, sample in zip(cells, samples, strict=False):
        image, map_ = cell.subplots(1, 2)
        _image(image, pixels_of(sample["image"]))
        _heat(map_, pixels_of(sample["image"]), heat_of(sample["heat"]))
        cell.suptitle(_told(sample), fontsize=8.5, color=_colour(sample))


def _image(axis: "Axes", pixels: np.ndarray, alpha: float = 1.0) -> None:
    axis.axis("off")
    if len(pixels) == 3:
        axis.imshow(np.moveaxis(pixels, 0, -1), interpolation="nearest", alpha=alpha)
    else:
        axis.imshow(pixels[0], cmap="gray", vmin=0, vmax=255, interpolation="nearest", alpha=alpha)


def _heat(axis: "Axes", pixels: np.ndarray, values: np.ndarray) -> None:
    """Lay a map over a pale image, so that both can be seen."""
    axis.axis("off")
    grey = pixels.astype(np.float64).mean(axis=0)
    axis.imshow(grey, cmap="gray_r", vmin=0, vmax=255 * 2.5, interpolation="nearest")
    limit = float(np.quantile(np.abs(values), _STRONGEST)) or 1.0
    strength = np.clip(np.abs(values) / limit, 0, 1)
    axis.imshow(values, cmap=_COLOURS, vmin=-limit, vmax=limit, interpolation="nearest", alpha=strength)


def _window(axis: "Axes", title: str, window: Mapping[str, Any]) -> None:
    """Draw a window with a strip of its attributions under it."""
    history, values = np.array(window["history"]), np.array(window["attributions"])
    back, ahead = np.arange(1 - len(history), 1), np.arange(1, len(window["actual"]) + 1)
    axis.plot(back, history, color="0.25", linewidth=1.0, label="history")
    axis.plot(ahead, window["actual"], color="0.25", linewidth=1.0, linestyle=":", label="actual")
    axis.plot(ahead, window["forecast"], color=RED, linewidth=1.6, label="forecast")
    low, high = axis.get_ylim()
    floor, limit = low - 0.14 * (high - low), float(np.quantile(np.abs(values), _STRONGEST)) or 1.0
    strip = (back[0] - 0.5, 0.5, floor, low - 0.04 * (high - low))
    axis.imshow(values[None], aspect="auto", cmap=_COLOURS, vmin=-limit, vmax=limit, extent=strip)
    axis.set(xlim=(back[0] - 1, ahead[-1] + 1), ylim=(floor, high))
    axis.set_title(f"{title}: row {window['row']}, off by {window['loss']:.3g}", fontsize=9, loc="left", color=GREY)
    clean(axis)


def _told(sample: Mapping[str, Any]) -> str:
    if "probability" in sample:
        right = sample["prediction"] == sample["target"]
        told = f"{_class(sample['prediction'])} ({sample['probability']:.2f})"
        return told if right else f"{told}, is {_class(sample['target'])}"
    return f"{sample['prediction']:.5g}, is {sample['target']:.5g}"


def _class(name: str) -> str:
    return shortened(readable(name).strip())


def _colour(sample: Mapping[str, Any]) -> str:
    if "probability" not in sample:
        return "0.2"
    return GREEN if sample["prediction"] == sample["target"] else RED


def _cut(name: str) -> str:
    return name if len(name) <= _NAME else f"{name[: _NAME - 1]}…"


def _plain(value: Any) -> str:
    if value is None:
        return "missing"
    return f"{value:.4g}" if isinstance(value, float) else str(value)
