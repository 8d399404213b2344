"""Numbers: predicted and actual ones, and forecasts of a series."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from remint.evaluation.figures.style import BLUE, GREEN, GREY, RED, clean, new_figure, panels
from remint.evaluation.tables import evenly

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_POINTS = 5000
"Points of a scatter plot at most; more than these are thinned out evenly."


def residuals(pairs: pd.DataFrame) -> "Figure":
    """Draw predicted over actual values, and how the errors are spread."""
    thinned = pairs.iloc[evenly(len(pairs), _POINTS)]
    figure, (left, right) = panels(2, "")
    left.scatter(thinned["actual"], thinned["predicted"], s=9, alpha=0.35, color=BLUE, linewidths=0)
    ends = [thinned.min().min(), thinned.max().max()]
    left.plot(ends, ends, color="0.6", linewidth=1, linestyle="--")
    left.set(xlabel="actual", ylabel="predicted")
    errors = pairs["predicted"] - pairs["actual"]
    spread = float(errors.max() - errors.min()) > 1e-9 * max(float(errors.abs().max()), 1e-300)
    right.hist(errors, bins=40 if spread else 1, color=BLUE, alpha=0.85)
    right.axvline(0, color="0.6", linewidth=1, linestyle="--")
    right.set(xlabel="predicted − actual", ylabel="test rows")
    return figure


def horizon_errors(errors: pd.DataFrame) -> "Figure":
    """Draw the errors over how many steps ahead was forecast."""
    figure, (axis,) = panels(1, "steps ahead")
    for name, colour, label in (
        ("rmse_naive", GREY, "RMSE, seasonal naive"),
        ("rmse", RED, "RMSE"),
        ("mae", BLUE, "mean absolute error"),
    ):
        if name in errors:
            axis.plot(errors["ahead"], errors[name], color=colour, linewidth=1.8, label=label)
    axis.set(ylabel="error", ylim=(0, None))
    axis.legend(frameon=False, loc="lower right")
    return figure


def forecasts(windows: Sequence[Mapping[str, Any]]) -> "Figure":
    """Draw windows: their history, what followed, the forecast, and that of the seasonal naive one."""
    columns = min(2, len(windows))
    rows = -(-len(windows) // columns)
    figure = new_figure(6.4 * columns, 0.5 + 2.5 * rows)
    axes = figure.subplots(rows, columns, squeeze=False, sharex=True).ravel()
    for axis, window in zip(axes, windows, strict=False):
        _forecast(axis, window)
    for axis in axes[len(windows) :]:
        axis.set_visible(False)
    for axis in axes[max(len(windows) - columns, 0) : len(windows)]:
        axis.set_xlabel("steps ahead")
        axis.tick_params(labelbottom=True)
    handles, labels = axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper center", ncols=len(labels), frameon=False)
    return figure


def _forecast(axis: "Axes", window: Mapping[str, Any]) -> None:
    history, ahead = window["history"], np.arange(1, len(window["actual"]) + 1)
    axis.plot(np.arange(1 - len(history), 1), history, color="0.25", linewidth=1.2, label="history")
    axis.plot(ahead, window["actual"], color="0.25", linewidth=1.2, linestyle=":", label="actual")
    axis.plot(ahead, window["seasonal_naive"], color=GREEN, linewidth=1.0, alpha=0.8, label="seasonal naive")
    axis.plot(ahead, window["forecast"], color=RED, linewidth=1.8, label="forecast")
    axis.axvline(0.5, color="0.7", linewidth=0.8, linestyle="--")
    axis.set_title(f"row {window['row']}", fontsize=9, loc="left", color=GREY)
    clean(axis)
