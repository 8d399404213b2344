"""Images with what the model takes them for."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from remint.evaluation.figures.style import GREEN, RED, new_figure, shortened
from remint.evaluation.pixels import pixels_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure, SubFigure

_COLUMNS = 6


def image_grid(samples: Mapping[str, Any]) -> "Figure":
    """Draw the most confident mistakes, then rows chosen evenly, each with its prediction and probability."""
    groups = [("most confident mistakes", samples["mistakes"]), ("chosen evenly", samples["examples"])]
    groups = [(title, shown) for title, shown in groups if shown]
    heights = [-(-len(shown) // _COLUMNS) * 1.95 + 0.35 for _, shown in groups]
    figure = new_figure(1.75 * _COLUMNS, sum(heights))
    parts = figure.subfigures(len(groups), 1, height_ratios=heights, squeeze=False)[:, 0]
    for part, (title, shown) in zip(parts, groups, strict=True):
        _grid(part, title, shown)
    return figure


def _grid(part: "SubFigure", title: str, shown: Sequence[Mapping[str, Any]]) -> None:
    part.suptitle(title, fontsize=11)
    axes = part.subplots(-(-len(shown) // _COLUMNS), _COLUMNS, squeeze=False).ravel()
    for axis in axes:
        axis.axis("off")
    for axis, sample in zip(axes, shown, strict=False):
        _image(axis, sample)


def _image(axis: "Axes", sample: Mapping[str, Any]) -> None:
    pixels = pixels_of(sample["image"])
    right = sample["prediction"] == sample["target"]
    if len(pixels) == 3:
        axis.imshow(np.moveaxis(pixels, 0, -1), interpolation="nearest")
    else:
        axis.imshow(pixels[0], cmap="gray", vmin=0, vmax=255, interpolation="nearest")
    name = shortened(sample["prediction"])
    actual = "" if right else f"\nis {shortened(sample['target'])}"
    title = f"{name} {sample['probability']:.2f}{actual}"
    axis.set_title(title, fontsize=8, color=GREEN if right else RED)
