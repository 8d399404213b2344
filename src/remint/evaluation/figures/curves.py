"""Curves over the epochs of a training."""

from typing import TYPE_CHECKING, Any

import pandas as pd

from remint.evaluation.figures.style import BLUE, RED, panels

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def loss_curves(history: pd.DataFrame) -> "Figure":
    """Draw the losses, and beside them each metric of the validation split, over the epochs."""
    metrics = [name for name in history.columns if name.startswith("val_") and name != "val_loss"]
    figure, axes = panels(1 + len(metrics), "epoch")
    for name, colour, label in (("train_loss", BLUE, "train"), ("val_loss", RED, "validation")):
        if name in history:
            _curve(axes[0], history["epoch"], history[name], colour, label)
    axes[0].set_ylabel("loss")
    axes[0].legend(frameon=False)
    for axis, name in zip(axes[1:], metrics, strict=True):
        _curve(axis, history["epoch"], history[name], RED, None)
        axis.set_ylabel(f"validation {name.removeprefix('val_').replace('_', ' ')}")
    return figure


def _curve(axis: "Axes", epochs: "pd.Series[Any]", values: "pd.Series[Any]", colour: str, label: str | None) -> None:
    from matplotlib.ticker import MaxNLocator

    marker = "o" if len(epochs) <= 40 else None
    axis.plot(epochs, values, color=colour, linewidth=1.8, marker=marker, markersize=3.5, label=label)
    axis.xaxis.set_major_locator(MaxNLocator(integer=True))
