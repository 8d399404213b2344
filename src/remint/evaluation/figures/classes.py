"""Which classes a model tells apart."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from remint.evaluation.figures.style import COLOURS, clean, colour, new_figure, shortened

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_COUNTS_UP_TO = 25
"Classes up to which each cell of a confusion matrix shows its count."
_NAMES_UP_TO = 60
"Classes up to which each has a name at the axes."


def confusion_matrix(pairs: pd.DataFrame, classes: Sequence[str]) -> "Figure":
    """Draw how often each actual class was predicted as which; a cell's shade is its share of the actual class."""
    number = {name: i for i, name in enumerate(classes)}
    counts = np.zeros((len(classes), len(classes)), dtype=np.int64)
    np.add.at(counts, (pairs["actual"].map(number), pairs["predicted"].map(number)), 1)
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    side = float(np.clip(2.2 + 0.5 * len(classes), 4.2, 12.0))
    figure = new_figure(side + 0.9, side)
    axis = figure.add_subplot()
    image = axis.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    figure.colorbar(image, ax=axis, label="share of the actual class", fraction=0.046, pad=0.03)
    if len(classes) <= _COUNTS_UP_TO:
        _write_counts(axis, counts, shares)
    _name_classes(axis, classes)
    axis.set(xlabel="predicted", ylabel="actual", title=f"{len(pairs):,} test rows, {np.trace(counts):,} right")
    return figure


def roc_curves(points: pd.DataFrame, classes: Sequence[str]) -> "Figure":
    """Draw the receiver operating characteristic of each class against the rest, with the area under it."""
    figure = new_figure(5.6, 5.2)
    axis = figure.add_subplot()
    axis.plot([0, 1], [0, 1], color="0.7", linewidth=1, linestyle="--")
    curves = {name: points[points["class"] == name] for name in classes if (points["class"] == name).any()}
    areas = [float(np.trapezoid(curve["tpr"], curve["fpr"])) for curve in curves.values()]
    for i, (name, curve) in enumerate(curves.items()):
        label = f"{shortened(name)}  {areas[i]:.3f}"
        axis.plot(curve["fpr"], curve["tpr"], color=colour(i, len(curves)), linewidth=1.6, label=label)
    if 1 <= len(curves) <= COLOURS:
        axis.legend(frameon=False, title="class  area", loc="lower right", alignment="left")
    elif curves:
        axis.set_title(f"{len(curves)} classes, mean area {np.mean(areas):.3f}")
    axis.set(xlabel="false positive rate", ylabel="true positive rate", xlim=(-0.01, 1.01), ylim=(-0.01, 1.01))
    axis.set_aspect("equal")
    clean(axis)
    return figure


def _write_counts(axis: "Axes", counts: np.ndarray, shares: np.ndarray) -> None:
    size = 10 if len(counts) <= 12 else 7
    for (row, column), count in np.ndenumerate(counts):
        if count:
            shade = "white" if shares[row, column] > 0.55 else "0.15"
            axis.text(column, row, f"{count:,}", ha="center", va="center", color=shade, fontsize=size)


def _name_classes(axis: "Axes", classes: Sequence[str]) -> None:
    axis.set_xticks([])
    axis.set_yticks([])
    if len(classes) <= _NAMES_UP_TO:
        names = [shortened(name) for name in classes]
        size = 10 if len(classes) <= 12 else 7
        leaning = len(classes) > 12 or max(map(len, names)) > 5
        axis.set_xticks(range(len(classes)), names, fontsize=size, rotation=45 if leaning else 0)
        axis.set_yticks(range(len(classes)), names, fontsize=size)
        if leaning:
            for label in axis.get_xticklabels():
                label.set(ha="right", rotation_mode="anchor")
    for spine in axis.spines.values():
        spine.set_visible(False)
