"""Plots of a training and its evaluation, drawn as PNG from the CSV files that the stages leave."""

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_BLUE, _RED = "#1f77b4", "#e4572e"
_COLOURS = 10
"Classes up to which each curve has a colour of its own and a line in the legend."
_COUNTS_UP_TO = 25
"Classes up to which each cell of a confusion matrix shows its count."
_NAMES_UP_TO = 60
"Classes up to which each has a name at the axes."
_POINTS = 5000
"Points of a scatter plot at most; more than these are thinned out evenly."


def draw_plots(history: Path, tables: Path, classes: Sequence[str], out: Path) -> None:
    """Draw `loss.png` and what the folder `tables` holds: `confusion.png` and `roc.png`, or `residuals.png`.

    `classes` tells their order; none for regression.
    """
    logging.getLogger("matplotlib").setLevel(logging.ERROR)
    _save(loss_curves(pd.read_csv(history)), out / "loss.png")
    for name, draw in (("confusion", confusion_matrix), ("roc", roc_curves)):
        if (tables / f"{name}.csv").exists():
            texts = {"actual": str, "predicted": str, "class": str}
            _save(draw(pd.read_csv(tables / f"{name}.csv", dtype=texts, na_filter=False), classes), out / f"{name}.png")
    if (tables / "residuals.csv").exists():
        _save(residuals(pd.read_csv(tables / "residuals.csv")), out / "residuals.png")


def loss_curves(history: pd.DataFrame) -> "Figure":
    """Draw the losses, and beside them each metric of the validation split, over the epochs."""
    metrics = [name for name in history.columns if name.startswith("val_") and name != "val_loss"]
    figure, axes = _figure(1 + len(metrics), "epoch")
    for name, colour, label in (("train_loss", _BLUE, "train"), ("val_loss", _RED, "validation")):
        if name in history:
            _curve(axes[0], history["epoch"], history[name], colour, label)
    axes[0].set_ylabel("loss")
    axes[0].legend(frameon=False)
    for axis, name in zip(axes[1:], metrics, strict=True):
        _curve(axis, history["epoch"], history[name], _RED, None)
        axis.set_ylabel(f"validation {name.removeprefix('val_').replace('_', ' ')}")
    return figure


def confusion_matrix(pairs: pd.DataFrame, classes: Sequence[str]) -> "Figure":
    """Draw how often each actual class was predicted as which; a cell's shade is its share of the actual class."""
    number = {name: i for i, name in enumerate(classes)}
    counts = np.zeros((len(classes), len(classes)), dtype=np.int64)
    np.add.at(counts, (pairs["actual"].map(number), pairs["predicted"].map(number)), 1)
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    side = float(np.clip(2.2 + 0.5 * len(classes), 4.2, 12.0))
    figure = _new_figure(side + 0.9, side)
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
    figure = _new_figure(5.6, 5.2)
    axis = figure.add_subplot()
    axis.plot([0, 1], [0, 1], color="0.7", linewidth=1, linestyle="--")
    curves = {name: points[points["class"] == name] for name in classes if (points["class"] == name).any()}
    areas = [float(np.trapezoid(curve["tpr"], curve["fpr"])) for curve in curves.values()]
    for i, (name, curve) in enumerate(curves.items()):
        colour, label = _colour(i, len(curves)), f"{_shortened(name)}  {areas[i]:.3f}"
        axis.plot(curve["fpr"], curve["tpr"], color=colour, linewidth=1.6, label=label)
    if 1 <= len(curves) <= _COLOURS:
        axis.legend(frameon=False, title="class  area", loc="lower right", alignment="left")
    elif curves:
        axis.set_title(f"{len(curves)} classes, mean area {np.mean(areas):.3f}")
    axis.set(xlabel="false positive rate", ylabel="true positive rate", xlim=(-0.01, 1.01), ylim=(-0.01, 1.01))
    axis.set_aspect("equal")
    _clean(axis)
    return figure


def residuals(pairs: pd.DataFrame) -> "Figure":
    """Draw predicted over actual values, and how the errors are spread."""
    thinned = pairs.iloc[np.linspace(0, len(pairs) - 1, min(len(pairs), _POINTS)).astype(np.int64)]
    figure, (left, right) = _figure(2, "")
    left.scatter(thinned["actual"], thinned["predicted"], s=9, alpha=0.35, color=_BLUE, linewidths=0)
    ends = [thinned.min().min(), thinned.max().max()]
    left.plot(ends, ends, color="0.6", linewidth=1, linestyle="--")
    left.set(xlabel="actual", ylabel="predicted")
    errors = pairs["predicted"] - pairs["actual"]
    spread = float(errors.max() - errors.min()) > 1e-9 * max(float(errors.abs().max()), 1e-300)
    right.hist(errors, bins=40 if spread else 1, color=_BLUE, alpha=0.85)
    right.axvline(0, color="0.6", linewidth=1, linestyle="--")
    right.set(xlabel="predicted − actual", ylabel="test rows")
    return figure


def _new_figure(width: float, height: float) -> "Figure":
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), dpi=120, layout="constrained")


def _figure(panels: int, xlabel: str) -> tuple["Figure", list["Axes"]]:
    figure = _new_figure(min(4.6 * panels, 16), 3.8)
    axes = list(figure.subplots(1, panels, squeeze=False)[0])
    for axis in axes:
        axis.set_xlabel(xlabel)
        _clean(axis)
    return figure, axes


def _save(figure: "Figure", path: Path) -> None:
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    path.parent.mkdir(parents=True, exist_ok=True)
    FigureCanvasAgg(figure)
    figure.savefig(path, format="png", metadata={"Software": None})


def _curve(axis: "Axes", epochs: "pd.Series[Any]", values: "pd.Series[Any]", colour: str, label: str | None) -> None:
    from matplotlib.ticker import MaxNLocator

    marker = "o" if len(epochs) <= 40 else None
    axis.plot(epochs, values, color=colour, linewidth=1.8, marker=marker, markersize=3.5, label=label)
    axis.xaxis.set_major_locator(MaxNLocator(integer=True))


def _write_counts(axis: "Axes", counts: np.ndarray, shares: np.ndarray) -> None:
    size = 10 if len(counts) <= 12 else 7
    for (row, column), count in np.ndenumerate(counts):
        if count:
            colour = "white" if shares[row, column] > 0.55 else "0.15"
            axis.text(column, row, f"{count:,}", ha="center", va="center", color=colour, fontsize=size)


def _name_classes(axis: "Axes", classes: Sequence[str]) -> None:
    axis.set_xticks([])
    axis.set_yticks([])
    if len(classes) <= _NAMES_UP_TO:
        names = [_shortened(name) for name in classes]
        size = 10 if len(classes) <= 12 else 7
        leaning = len(classes) > 12 or max(map(len, names)) > 5
        axis.set_xticks(range(len(classes)), names, fontsize=size, rotation=45 if leaning else 0)
        axis.set_yticks(range(len(classes)), names, fontsize=size)
        if leaning:
            for label in axis.get_xticklabels():
                label.set(ha="right", rotation_mode="anchor")
    for spine in axis.spines.values():
        spine.set_visible(False)


def _clean(axis: "Axes") -> None:
    axis.spines[["top", "right"]].set_visible(False)
    axis.grid(color="0.92", linewidth=0.8)
    axis.set_axisbelow(True)


def _colour(i: int, classes: int) -> Any:
    from matplotlib import colormaps

    return colormaps["tab10"](i) if classes <= _COLOURS else colormaps["viridis"](i / (classes - 1))


def _shortened(name: str) -> str:
    return name if len(name) <= 24 else f"{name[:23]}…"
