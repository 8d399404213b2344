"""Gates: what a version must pass before it becomes champion."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from remint.config.gates import GateConfig
from remint.config.metrics import HIGHER_IS_BETTER

Metrics = Mapping[str, float]


@dataclass(frozen=True)
class Verdict:
    """What came of a gate."""

    gate: str
    metric: str
    passed: bool
    value: float | None
    "The version's metric; None where it has none or is not a number."
    sentence: str
    "What was asked and found: `accuracy 0.8312 is below 0.84`."


def check_gates(
    gates: Mapping[str, GateConfig],
    metrics: Metrics,
    champion: Metrics | None,
    baselines: Mapping[str, Metrics],
) -> tuple[Verdict, ...]:
    """Hold a version's metrics against its gates, in declared order.

    `champion` holds the metrics of the champion, None where there is none. A metric that is missing or NaN, of the
    version or of what it is to be better than, fails the gate.
    """
    return tuple(_verdict(name, gate, metrics, champion, baselines) for name, gate in gates.items())


def number(metrics: Metrics, name: str) -> float | None:
    """Give a metric, None where it is missing or NaN."""
    value = metrics.get(name)
    return None if value is None or math.isnan(value) else value


def is_better(metric: str, value: float, other: float) -> bool:
    """Tell whether a value of a metric is strictly better than another."""
    return value > other if HIGHER_IS_BETTER[metric] else value < other


def _verdict(
    name: str, gate: GateConfig, metrics: Metrics, champion: Metrics | None, baselines: Mapping[str, Metrics]
) -> Verdict:
    value = number(metrics, gate.metric)
    if value is None:
        return Verdict(name, gate.metric, False, None, f"there is no {gate.metric} to judge")
    found: list[tuple[bool, str]] = []
    if gate.min is not None:
        found.append((value >= gate.min, f"{'at least' if value >= gate.min else 'below'} {gate.min:g}"))
    if gate.max is not None:
        found.append((value <= gate.max, f"{'at most' if value <= gate.max else 'above'} {gate.max:g}"))
    if gate.better_than == "champion":
        rivals = {} if champion is None else {"the champion": champion}
        found += _against(gate.metric, value, rivals, "there is no champion to beat")
    if gate.better_than == "baselines":
        rivals = {f"baseline {rival}": other for rival, other in baselines.items()}
        found += _against(gate.metric, value, rivals, "there is no baseline to beat")
    passed = all(good for good, _ in found)
    told = [text for good, text in found if good == passed]
    return Verdict(name, gate.metric, passed, value, f"{gate.metric} {value:.4f} is {' and '.join(told)}")


def _against(metric: str, value: float, rivals: Mapping[str, Metrics], alone: str) -> list[tuple[bool, str]]:
    if not rivals:
        return [(True, f"enough, as {alone}")]
    found: list[tuple[bool, str]] = []
    for name, metrics in rivals.items():
        other = number(metrics, metric)
        if other is None:
            found.append((False, f"not comparable, as {name} has no {metric}"))
        else:
            better = is_better(metric, value, other)
            found.append((better, f"{'better' if better else 'not better'} than {name}'s {other:.4f}"))
    return found
