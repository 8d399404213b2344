"""The conditions that hold a version against the champion, on the same test rows."""

from collections.abc import Callable

from remint.config.gates import GateConfig
from remint.config.metrics import HIGHER_IS_BETTER
from remint.registry.comparison import Comparison, NotComparableError
from remint.registry.evidence import Evidence, number
from remint.registry.found import Found

Rival = Callable[[], Comparison]
"Holds the version against the champion. Raises NotComparableError."


def better_than_champion(gate: GateConfig, evidence: Evidence, rival: Rival | None) -> Found:
    """Judge by a paired bootstrap: the interval of the difference lies above zero, or above minus the margin."""
    metric = str(gate.metric)
    value = number(evidence.metrics, metric)
    if value is None:
        return Found(False, f"there is no {metric} to judge", "")
    subject = f"{metric} {value:.4f}"
    if rival is None:
        return Found(True, subject, "enough, as there is no champion to beat", value)
    try:
        comparison = rival()
    except NotComparableError as error:
        return Found(False, subject, f"not comparable: {error}", value)
    own, theirs = (comparison.value(side, metric) for side in (comparison.own, comparison.theirs))
    difference = comparison.difference(metric)
    if own is None or theirs is None or difference is None:
        whose = "this version's" if own is None else "the champion's" if theirs is None else "both"
        return Found(False, subject, f"not comparable: {metric} is undefined by {whose} predictions", value)
    return _by_difference(gate, metric, (own, theirs), difference)


def _by_difference(
    gate: GateConfig, metric: str, values: tuple[float, float], difference: tuple[float, float, float]
) -> Found:
    """Judge by the interval of the version's metric minus the champion's."""
    between, low, high = difference
    margin = gate.margin or 0.0
    better = HIGHER_IS_BETTER[metric]
    passed = low > -margin if better else high < margin
    worse = high < -margin if better else low > margin
    told = _told(gate.margin, f"the champion's {values[1]:.4f}", passed, worse)
    figures = f"difference {_signed(between)} [{_signed(low)}, {_signed(high)}]"
    bound = (-margin if better else margin) + 0.0
    return Found(passed, f"{metric} {values[0]:.4f}", f"{told}: {figures}", between, bound, (low, high))


def _told(margin: float | None, rival: str, passed: bool, worse: bool) -> str:
    """Tell a difference; `worse`: beyond noise, and beyond the margin."""
    if margin is not None:
        return f"{'not' if passed else '' if worse else 'perhaps'} worse than {rival} by {margin:g} or more".lstrip()
    return (
        f"better than {rival}"
        if passed
        else f"worse than {rival}"
        if worse
        else f"not better than {rival} beyond noise"
    )


def regression(gate: GateConfig, most: float, rival: Rival | None) -> Found:
    """Look for the slice on which the version is worst beside the champion."""
    metric = str(gate.metric)
    if rival is None:
        return Found(True, metric, "worse on no slice, as there is no champion")
    try:
        parts = rival().parts
    except NotComparableError as error:
        return Found(False, f"{metric} on slices", f"not comparable: {error}")
    sign = 1 if HIGHER_IS_BETTER[metric] else -1
    lost: list[tuple[float, str]] = []
    for part in parts:
        own, theirs = part.own.get(metric), part.theirs.get(metric)
        if own is None and theirs is None:
            continue  # undefined by the rows of the slice, whoever predicts them
        if own is None or theirs is None:
            whose = "this version's" if own is None else "the champion's"
            return Found(False, f"{metric} on slice {part}", f"not comparable: it is missing among {whose} findings")
        lost.append((sign * (theirs - own), f"{metric} {own:.4f} on slice {part}"))
    if not lost:
        return Found(False, f"there is no slice with {metric} to judge", "")
    loss, subject = max(lost)
    if loss > most:
        return Found(False, subject, f"{loss:.4f} worse than the champion's, more than {most:g}", loss, most)
    where = subject.partition(" on slice ")[2]
    told = f"nowhere more than {most:g} worse than the champion's; most on slice {where}: {loss:+.4f}"
    return Found(True, f"{metric} by slices", told, loss, most)


def _signed(value: float) -> str:
    return f"{value:+.4f}".replace("-", "−")
