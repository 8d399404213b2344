"""What came of one condition of a gate."""

from dataclasses import dataclass

from remint.config.metrics import HIGHER_IS_BETTER


@dataclass(frozen=True)
class Found:
    """What came of one condition."""

    passed: bool
    subject: str
    "What the sentence is about: `accuracy 0.8312`."
    told: str
    "What is said of it: `below 0.84`."
    value: float | None = None
    bound: float | None = None
    interval: tuple[float, float] | None = None

    @property
    def sentence(self) -> str:
        """The whole."""
        return f"{self.subject} is {self.told}" if self.told else self.subject


def is_better(metric: str, value: float, other: float) -> bool:
    """Tell whether a value of a metric is strictly better than another."""
    return value > other if HIGHER_IS_BETTER[metric] else value < other
