"""What a run of the pipeline did."""

from dataclasses import dataclass

from flows.executor import Outcome


@dataclass(frozen=True)
class StageResult:
    """What happened to one stage."""

    address: str
    outcome: Outcome
    seconds: float
    error: str = ""


@dataclass(frozen=True)
class GateLine:
    """What came of a gate, as the terminal shows it."""

    gate: str
    passed: bool
    sentence: str


@dataclass(frozen=True)
class ExperimentResult:
    """A line of the table that a run ends with."""

    experiment: str
    dataset: str
    metric: str
    value: float | None
    champion_value: float | None
    "The champion's before this run; None where there was none."
    version: int | None
    champion_version: int | None
    "The champion's after this run."
    promoted: bool
    reason: str
    run_id: str
    beaten_by: tuple[str, ...] = ()
    "Baselines of its dataset that are better in its primary metric."
    gates: tuple[GateLine, ...] = ()


@dataclass(frozen=True)
class Summary:
    """All that a run did."""

    stages: tuple[StageResult, ...]
    experiments: tuple[ExperimentResult, ...]
    errors: tuple[str, ...] = ()
    "Messages of what failed, stages and promotions."

    @property
    def failed(self) -> bool:
        """Whether anything failed."""
        return bool(self.errors)
