"""Metrics of two trainings: which of them moved beyond chance."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from remint.config.metrics import HIGHER_IS_BETTER


@dataclass(frozen=True)
class Interval:
    """A metric of the test split with the ends of its 95 % interval; None where nobody computed those."""

    value: float
    low: float | None = None
    high: float | None = None

    def holds(self, value: float) -> bool:
        """Tell whether a value lies in the interval; one that is not known holds everything."""
        return self.low is None or self.high is None or self.low <= value <= self.high


@dataclass(frozen=True)
class Moved:
    """A metric that both sides have."""

    name: str
    first: Interval
    second: Interval
    by_seed: bool = False
    "Whether the seed alone differs: the metric is then neither better nor worse by anything that was done."

    @property
    def difference(self) -> float:
        """The second less the first."""
        return self.second.value - self.first.value

    @property
    def beyond(self) -> bool:
        """Whether each value lies outside the other's interval; where no interval is known, none does."""
        return not self.first.holds(self.second.value) and not self.second.holds(self.first.value)

    @property
    def verdict(self) -> str:
        """Give one word: `equal`, `better`, `worse`, `moved`, `within noise` or `not judged`.

        `moved` stands for better or worse where the seed alone differs; without intervals or a known direction nothing
        is judged.
        """
        if math.isclose(self.first.value, self.second.value, rel_tol=1e-8, abs_tol=1e-9):  # reports are rounded
            return "equal"
        if self.name not in HIGHER_IS_BETTER or None in (self.first.low, self.second.low):
            return "not judged"
        if not self.beyond:
            return "within noise"
        if self.by_seed:
            return "moved"
        return "better" if (self.difference > 0) == HIGHER_IS_BETTER[self.name] else "worse"


def compare_metrics(
    first: Mapping[str, Interval], second: Mapping[str, Interval], by_seed: bool = False
) -> tuple[Moved, ...]:
    """Compare the metrics that both have, in their declared order."""
    order = list(HIGHER_IS_BETTER)
    names = first.keys() & second.keys()
    ordered = sorted(names, key=lambda name: (order.index(name) if name in order else len(order), name))
    return tuple(Moved(name, first[name], second[name], by_seed) for name in ordered)
