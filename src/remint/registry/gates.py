"""Gates: what a version must pass before it becomes champion."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from remint.config.gates import GateConfig
from remint.registry.against_champion import Rival
from remint.registry.conditions import conditions
from remint.registry.evidence import Evidence
from remint.registry.found import Found


@dataclass(frozen=True)
class Verdict:
    """What came of a gate."""

    gate: str
    asks: Mapping[str, Any]
    "What is declared of it."
    passed: bool
    value: float | None
    "The figure that decided; of `better_than: champion` the difference. None where there is none."
    bound: float | None
    "What the figure was held against."
    interval: tuple[float, float] | None
    "95 % interval of a difference."
    sentence: str
    "What was asked and found: `accuracy 0.8312 is below 0.84`."

    @property
    def told(self) -> str:
        """Give verdict and sentence, as a version's tag holds them."""
        return f"{'passed' if self.passed else 'failed'}: {self.sentence}"

    def json(self) -> dict[str, Any]:
        """Give the entry of `decision.json`."""
        return {**asdict(self), "interval": None if self.interval is None else list(self.interval)}


def check_gates(gates: Mapping[str, GateConfig], evidence: Evidence, rival: Rival | None) -> tuple[Verdict, ...]:
    """Hold a version against its gates, in declared order.

    `rival` compares it with the champion, and is None where there is none. A figure that is missing or NaN, of the
    version or of what it is held against, fails the gate.
    """
    return tuple(_verdict(name, gate, list(conditions(gate, evidence, rival))) for name, gate in gates.items())


def read_verdict(entry: Mapping[str, Any]) -> Verdict:
    """Give back what `Verdict.json` gave."""
    interval = entry["interval"]
    return Verdict(**{**entry, "interval": None if interval is None else tuple(interval)})


def _verdict(name: str, gate: GateConfig, found: list[Found]) -> Verdict:
    passed = all(one.passed for one in found)
    telling = [one for one in found if one.passed == passed]
    asks = gate.model_dump(mode="json", exclude_none=True, exclude_defaults=True)
    first = telling[0]
    return Verdict(name, asks, passed, first.value, first.bound, first.interval, _sentence(telling))


def _sentence(found: list[Found]) -> str:
    """Tell all that was found; a subject is told once."""
    told: list[str] = []
    subject = None
    for one in found:
        if one.told and one.subject == subject:
            told[-1] += f" and {one.told}"
        else:
            told.append(one.sentence)
        subject = one.subject
    return "; ".join(dict.fromkeys(told))
