"""Declaration of a gate: a condition that a version must pass before it becomes champion."""

from typing import Annotated, Literal

from pydantic import ConfigDict, Field, NonNegativeFloat, PositiveFloat, model_validator

from remint.config.base import Config
from remint.config.evaluation import EvaluationConfig
from remint.config.metrics import Metric
from remint.errors import ConfigError

ALONE = ("max_ece", "max_latency_ms", "max_size_mb", "max_duplicates", "max_single_feature")
"Conditions that need no metric."
_OF_A_METRIC = ("min", "max", "better_than", "max_regression")


class GateConfig(Config):
    """A condition that a version must pass before it becomes champion. A missing or NaN figure fails."""

    model_config = ConfigDict(allow_inf_nan=False)

    metric: Metric | None = None
    "What min, max, better_than and max_regression are about."
    over: Literal["test", "worst-slice"] = "test"
    "Where min and max must hold: on the whole test split, or on the slice where the metric is worst."
    corruption: str | None = None
    "Where min and max must hold instead: under this declared corruption, or `any` of them, at its hardest level."
    min: float | None = None
    max: float | None = None
    better_than: Literal["champion", "baselines", "constant"] | None = None
    """champion: by a paired bootstrap on the same test rows, the 95 % interval of the difference lies above zero (true
    where there is none); baselines: strictly better than every declared one; constant: than the best constant guess."""
    margin: NonNegativeFloat | None = None
    "better_than champion: not inferior instead: the interval lies above minus this margin, in the metric's unit."
    max_regression: NonNegativeFloat | None = None
    "On no slice is the metric worse than the champion's by more than this."
    fairness: Literal["demographic_parity_difference", "equalized_odds_difference"] | None = None
    "What max_gap is about."
    column: str | None = None
    "The sensitive column that max_gap looks at; none: every one."
    max_gap: NonNegativeFloat | None = None
    max_ece: NonNegativeFloat | None = None
    "Largest expected calibration error."
    max_latency_ms: PositiveFloat | None = None
    "Largest 99th percentile of the time that one row takes, in milliseconds."
    max_size_mb: PositiveFloat | None = None
    "Largest size of the weights and the preprocessing, in 10^6 bytes."
    max_duplicates: Annotated[float, Field(ge=0, le=1)] | None = None
    "Largest share of test rows of which train holds a duplicate, exact or near."
    max_single_feature: Annotated[float, Field(ge=0, le=1)] | None = None
    "Largest strength with which one single feature foretells the target: 0 not at all, 1 wholly."

    @model_validator(mode="after")
    def _asks_something(self) -> "GateConfig":
        asked = [name for name in (*_OF_A_METRIC, "max_gap", *ALONE) if getattr(self, name) is not None]
        if not asked:
            allowed = ", ".join((*_OF_A_METRIC, "max_gap", *ALONE))
            raise ValueError(f"asks nothing; allowed: {allowed}")
        if self.metric is None and any(name in _OF_A_METRIC for name in asked):
            raise ValueError("metric is missing; allowed: a metric of the experiment's task")
        if self.metric is not None and not any(name in _OF_A_METRIC for name in asked):
            raise ValueError(f"metric is {self.metric}, of which nothing is asked; allowed: {', '.join(_OF_A_METRIC)}")
        if (self.max_gap is None) != (self.fairness is None):
            raise ValueError("max_gap and fairness go together; allowed: both or none")
        if self.column is not None and self.fairness is None:
            raise ValueError("column is there without fairness; allowed: together with fairness and max_gap")
        if self.margin is not None and self.better_than != "champion":
            raise ValueError("margin is there without better_than: champion; allowed: together")
        if self.corruption is not None and self.over != "test":
            raise ValueError("over and corruption are both there; allowed: one of them")
        if (self.corruption is not None or self.over != "test") and self.min is None and self.max is None:
            raise ValueError("over and corruption are about min and max; allowed: together with one of them")
        return self


def check_evaluated(where: str, gate: GateConfig, task: str, asked: EvaluationConfig) -> None:
    """Raise ConfigError for a gate that looks at what is not evaluated: it could never be passed."""
    told = "allowed: what datasets.yaml declares in evaluation"
    corruptions = (*asked.corruptions, "any") if asked.corruptions else ()
    if gate.corruption is not None and gate.corruption not in corruptions:
        known = ", ".join(corruptions) or "none"
        raise ConfigError(f'{where}.corruption is "{gate.corruption}"; {told}.corruptions ({known})')
    if (gate.over == "worst-slice" or gate.max_regression is not None) and not asked.slices:
        raise ConfigError(f"{where} is about slices; {told}.slices (none)")
    if gate.fairness is not None and (not asked.sensitive or gate.column not in (None, *asked.sensitive)):
        found = f'column is "{gate.column}"' if gate.column else f"fairness is {gate.fairness}"
        raise ConfigError(f"{where}.{found}; {told}.sensitive ({', '.join(asked.sensitive) or 'none'})")
    if gate.max_ece is not None and task != "classification":
        raise ConfigError(f"{where}.max_ece is there; allowed for {task}: other conditions")
