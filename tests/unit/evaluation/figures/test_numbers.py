import numpy as np
import pandas as pd
import pytest

from remint.evaluation.figures.numbers import forecasts, horizon_errors, residuals


def test_many_residuals_are_thinned_out_in_the_scatter_alone() -> None:
    actual = np.linspace(0, 1, 20000)
    scatter, histogram = residuals(pd.DataFrame({"actual": actual, "predicted": actual**2})).axes
    assert len(scatter.collections[0].get_offsets()) == 5000
    assert sum(patch.get_height() for patch in histogram.patches) == 20000


@pytest.mark.parametrize("error", [0.0, 0.1])
def test_errors_that_are_all_alike_can_be_drawn(error: float) -> None:
    actual = np.linspace(0, 1, 100)
    figure = residuals(pd.DataFrame({"actual": actual, "predicted": actual + error}))
    figure.canvas.draw()
    assert sum(patch.get_height() for patch in figure.axes[1].patches) == 100


def test_errors_are_drawn_over_the_steps_with_the_naive_ones_where_there_are_some() -> None:
    errors = pd.DataFrame({"ahead": [1, 2], "mae": [1.0, 2.0], "rmse": [2.0, 3.0]})
    labels = [line.get_label() for line in horizon_errors(errors).axes[0].lines]
    assert labels == ["RMSE", "mean absolute error"]
    axis = horizon_errors(errors.assign(rmse_naive=4.0)).axes[0]
    assert list(axis.lines[0].get_ydata()) == [4, 4]


@pytest.mark.parametrize("count", [1, 3, 6])
def test_forecasts_follow_their_history(count: int) -> None:
    window = {"row": 7, "history": [1.0, 2.0, 3.0], "actual": [4.0, 5.0], "forecast": [4.5, 5.5]}
    figure = forecasts([{**window, "seasonal_naive": [2.0, 3.0]}] * count)
    figure.canvas.draw()
    drawn = [axis for axis in figure.axes if axis.get_visible()]
    assert len(drawn) == count
    history, actual, _, forecast = drawn[0].lines[:4]
    assert list(history.get_xdata()) == [-2, -1, 0]
    assert list(actual.get_xdata()) == list(forecast.get_xdata()) == [1, 2]
