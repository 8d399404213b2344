"""Texts: what a model takes them for, what it attends to, and how hard they are by length."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from remint.evaluation.figures.style import BLUE, GREEN, RED, new_figure, panels, width, wrapped

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_COLUMNS, _LINES = 88, 3
"Width of a text, in Latin characters, and lines of it."
_LINE = 0.16
"Inches."
_DARKEST = 0.97
"Quantile of the shares from which on the colour is the darkest: a first token can look at nothing but itself."


def text_list(samples: Mapping[str, Any]) -> "Figure":
    """Draw texts or raw rows: the worst on the left, rows chosen evenly on the right, each with its prediction."""
    classes = any("probability" in sample for sample in (*samples["mistakes"], *samples["examples"]))
    titles = ("most confident mistakes" if classes else "largest errors", "chosen evenly")
    groups = [[_entry(sample) for sample in samples[key]] for key in ("mistakes", "examples")]
    lines = [sum(2.8 + body.count("\n") for _, body, _ in group) for group in groups]
    height = max(*lines, 4) * _LINE + 0.5
    figure = new_figure(13.4, height)
    for axis, title, group in zip(figure.subplots(1, 2), titles, groups, strict=True):
        axis.set_title(title, fontsize=11, loc="left")
        axis.set(xlim=(0, 1), ylim=(height - 0.5, 0))
        axis.axis("off")
        _write(axis, group or [("none", "", "0.4")])
    return figure


def attention_maps(texts: Sequence[Mapping[str, Any]]) -> "Figure":
    """Draw for each text at whom each token looks, as the mean of the heads of the last layer."""
    longest = max(len(text["tokens"]) for text in texts)
    side = float(np.clip(1.4 + 0.2 * longest, 3.6, 8.0))
    figure = new_figure(side * len(texts) + 0.7, side + 0.2)
    figure.set_layout_engine("compressed")
    axes = figure.subplots(1, len(texts), squeeze=False)[0]
    for axis, text in zip(axes, texts, strict=True):
        shares = np.array(text["mean"])
        image = axis.imshow(shares, cmap="Blues", vmin=0, vmax=float(np.quantile(shares, _DARKEST)))
        names = [_token(token) for token in text["tokens"]]
        size = 8 if longest <= 24 else 6
        axis.set_xticks(range(len(names)), names, rotation=90, fontsize=size)
        for label, name in zip(axis.get_xticklabels(), names, strict=True):
            label.set_rotation(90 if width(name) > 2 else 0)
        axis.set_yticks(range(len(names)), names, fontsize=size)
        axis.set_title(f"row {text['row']}", fontsize=9)
        axis.tick_params(length=0)
        figure.colorbar(image, ax=axis, fraction=0.046, pad=0.03, extend="max").ax.tick_params(labelsize=7)
    figure.suptitle(
        "share of its attention that a token (row) gives to each token (column): last layer, mean of heads", fontsize=9
    )
    return figure


def lengths(groups: pd.DataFrame) -> "Figure":
    """Draw the bits a character over the length of the texts."""
    from matplotlib.ticker import LogLocator, NullFormatter, StrMethodFormatter

    figure, (axis,) = panels(1, "characters of a text")
    axis.plot(groups["characters"], groups["bits_per_character"], color=BLUE, linewidth=1.8, marker="o", markersize=4)
    axis.set(ylabel="bits a character", xscale="log")
    axis.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axis.xaxis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))
    axis.xaxis.set_minor_formatter(NullFormatter())
    return figure


def generated_text(samples: Mapping[str, Any]) -> str:
    """Write prompts and how the model goes on."""
    parts = [f"Texts continued at temperature {samples['temperature']:g}; » marks where the model begins.\n"]
    for text in samples["texts"]:
        end = " ∎" if text["ended"] else " …"
        parts.append(f"row {text['row']}\n{text['prompt']}»{text['continuation']}{end}\n")
    return "\n".join(parts)


def _entry(sample: Mapping[str, Any]) -> tuple[str, str, str]:
    """Give headline, body and colour of a sample."""
    if "probability" in sample:
        right = sample["prediction"] == sample["target"]
        told = f"{sample['prediction']} {sample['probability']:.2f}" + ("" if right else f", is {sample['target']}")
        colour = GREEN if right else RED
    else:
        told, colour = f"{sample['prediction']:.6g}, is {sample['target']:.6g}", "0.2"
    columns = ", ".join(f"{name}={value}" for name, value in sample.get("columns", {}).items())
    return f"{told}   (row {sample['row']})", wrapped(sample.get("text", columns), _COLUMNS, _LINES), colour


def _write(axis: "Axes", group: Sequence[tuple[str, str, str]]) -> None:
    place = 0.0
    for head, body, colour in group:
        axis.text(0, place, head, color=colour, fontsize=9, fontweight="bold", va="top", parse_math=False)
        axis.text(0, place + _LINE, body, color="0.15", fontsize=8.5, va="top", parse_math=False, linespacing=1.25)
        place += _LINE * (2.8 + body.count("\n"))


def _token(token: str) -> str:
    shown = token.replace("\n", "⏎").replace(" ", "␣")
    return shown if len(shown) <= 12 else f"{shown[:11]}…"
