"""What was measured one period before: yesterday's weather, last week's load."""

from typing import Any

import numpy as np
from pydantic import PositiveInt

from remint.config.base import Config
from remint.config.specs import DataSpec, NumbersSpec, SeriesSpec
from remint.data.prepared import Prepared
from remint.errors import ConfigError
from remint.evaluation.estimators.base import Estimator, checked, written
from remint.evaluation.windows import seasonal_naive


class Parameters(Config):
    """What a declaration may set."""

    period: PositiveInt | None = None
    "Steps of a period; none: as many as are forecast."


def takes(spec: DataSpec) -> bool:
    """Series."""
    return isinstance(spec.inputs, SeriesSpec) and isinstance(spec.outputs, NumbersSpec)


def build(key: tuple[str, ...], parameters: dict[str, Any], spec: DataSpec) -> Estimator:
    """See `Kind`."""
    assert isinstance(spec.inputs, SeriesSpec)
    period = checked(Parameters, key, parameters).period or spec.inputs.horizon
    if period > spec.inputs.history:
        message = f"{written(key)}: period {period} is longer than the history; allowed: up to {spec.inputs.history}"
        raise ConfigError(message)
    return SeasonalNaive(period)


class SeasonalNaive:
    """See `Estimator`."""

    def __init__(self, period: int) -> None:
        self._period = period

    def fit(self, prepared: Prepared) -> None:
        """Nothing is fitted."""

    def predict(self, prepared: Prepared, split: str) -> dict[str, np.ndarray]:
        """See `Estimator`."""
        return {"values": seasonal_naive(prepared.split(split), prepared.spec, self._period)}
