"""Windows of a series in the unit of the raw column."""

from collections.abc import Mapping

import numpy as np

from remint.config.specs import DataSpec, NumbersSpec, SeriesSpec


def histories(
    arrays: Mapping[str, np.ndarray], spec: DataSpec, steps: int, windows: np.ndarray | None = None
) -> np.ndarray:
    """Give the last steps before each forecast, of the column to forecast (float64, N×steps), in its raw unit.

    `windows` chooses some (int64, N); none: all. There are no more steps than the history has.
    """
    inputs, outputs = spec.inputs, spec.outputs
    assert isinstance(inputs, SeriesSpec)
    assert isinstance(outputs, NumbersSpec)
    starts = arrays["starts"] if windows is None else arrays["starts"][windows]
    steps = min(steps, inputs.history)
    places = starts[:, None] + np.arange(inputs.history - steps, inputs.history)
    return np.asarray(arrays["series"][:, 0])[places].astype(np.float64) * outputs.std + outputs.mean


def seasonal_naive(arrays: Mapping[str, np.ndarray], spec: DataSpec, period: int | None = None) -> np.ndarray:
    """Repeat what was measured one period before (float64, N×horizon); none: a period is as long as the forecast."""
    assert isinstance(spec.inputs, SeriesSpec)
    horizon = spec.inputs.horizon
    last = histories(arrays, spec, period or horizon)
    return last[:, np.arange(horizon) % last.shape[1]]
