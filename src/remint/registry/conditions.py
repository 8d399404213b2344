"""The conditions that a gate can ask for: each gives what was found, and whether that is enough."""

from collections.abc import Iterator, Mapping
from typing import Any

from remint.config.gates import GateConfig
from remint.config.metrics import HIGHER_IS_BETTER, label
from remint.evaluation.slice_values import slice_title
from remint.registry.against_champion import Rival, better_than_champion, regression
from remint.registry.evidence import Evidence, entries, number
from remint.registry.found import Found, is_better


def conditions(gate: GateConfig, evidence: Evidence, rival: Rival | None) -> Iterator[Found]:
    """Judge each condition of a gate; `rival` is None where there is no champion."""
    yield from _bounds(gate, evidence)
    if gate.better_than == "champion":
        yield better_than_champion(gate, evidence, rival)
    elif gate.better_than is not None:
        yield from _better_than_others(gate, evidence)
    if gate.max_regression is not None:
        yield regression(gate, gate.max_regression, rival)
    if gate.max_gap is not None:
        yield from _gaps(gate, gate.max_gap, evidence)
    yield from _ceilings(gate, evidence)


def _bounds(gate: GateConfig, evidence: Evidence) -> Iterator[Found]:
    if gate.min is None and gate.max is None:
        return
    metric = str(gate.metric)
    value, where = _looked_at(gate, metric, evidence)
    if value is None:
        yield Found(False, f"there is no {metric}{where} to judge", "")
        return
    subject = f"{metric} {value:.4f}{where}"
    if gate.min is not None:
        enough = value >= gate.min
        yield Found(enough, subject, f"{'at least' if enough else 'below'} {gate.min:g}", value, gate.min)
    if gate.max is not None:
        enough = value <= gate.max
        yield Found(enough, subject, f"{'at most' if enough else 'above'} {gate.max:g}", value, gate.max)


def _looked_at(gate: GateConfig, metric: str, evidence: Evidence) -> tuple[float | None, str]:
    """Give the value that min and max are about, and where it was found."""
    if gate.corruption is not None:
        return _corrupted(gate.corruption, metric, evidence)
    if gate.over == "test":
        return number(evidence.metrics, metric), ""
    worst = evidence.finding("slices").get("worst")
    entry = worst.get(metric) if isinstance(worst, Mapping) else None
    value = number(entry, "metric", "value")
    if value is None or not isinstance(entry, Mapping):
        return None, " of a worst slice"
    return value, f" on the worst slice {slice_title(str(entry.get('slice')), str(entry.get('value')))}"


def _corrupted(wanted: str, metric: str, evidence: Evidence) -> tuple[float | None, str]:
    """Give a metric at the hardest level of a corruption, or of the one that it suffers most from."""
    found = evidence.finding("robustness").get("corruptions")
    tried: Mapping[str, Any] = found if isinstance(found, Mapping) else {}
    names = sorted(tried) if wanted == "any" else [wanted]
    hardest = {name: (entries(tried.get(name), "levels") or [{}])[-1] for name in names}
    values = {name: number(level, "metrics", metric) for name, level in hardest.items()}
    missing = next((name for name in names if values[name] is None), None)
    if missing is not None or not names:
        return None, " under a corruption" if missing is None else f" under {missing}"
    sign = 1 if HIGHER_IS_BETTER[metric] else -1
    worst = min(names, key=lambda name: sign * (values[name] or 0.0))
    return values[worst], f" under {worst} {hardest[worst].get('level')}"


def _better_than_others(gate: GateConfig, evidence: Evidence) -> Iterator[Found]:
    metric = str(gate.metric)
    value = number(evidence.metrics, metric)
    if value is None:
        yield Found(False, f"there is no {metric} to judge", "")
        return
    if gate.better_than == "baselines" and evidence.baselines is None:
        yield Found(False, "there are no figures of the baselines to judge by", "", value)
        return
    if gate.better_than == "constant":
        rivals: Mapping[str, Any] = {"the best constant guess": evidence.finding("sanity").get("constant")}
    else:
        rivals = {f"baseline {name}": metrics for name, metrics in (evidence.baselines or {}).items()}
    subject = f"{metric} {value:.4f}"
    if not rivals:
        yield Found(True, subject, "enough, as there is no baseline to beat", value)
    for name, metrics in rivals.items():
        other = number(metrics, metric)
        if other is None:
            yield Found(False, subject, f"not comparable, as {name} has no {metric}", value)
        else:
            better = is_better(metric, value, other)
            told = f"{'better' if better else 'not better'} than {name}'s {other:.4f}"
            yield Found(better, subject, told, value, other)


def _gaps(gate: GateConfig, most: float, evidence: Evidence) -> Iterator[Found]:
    columns = evidence.finding("fairness").get("columns")
    known: Mapping[str, Any] = columns if isinstance(columns, Mapping) else {}
    for column in [gate.column] if gate.column else sorted(known) or [""]:
        gap = number(known, column, str(gate.fairness), "value")
        what = f"{label(str(gate.fairness))}{f' of {column}' if column else ''}"
        yield _at_most(what, gap, most)


def _ceilings(gate: GateConfig, evidence: Evidence) -> Iterator[Found]:
    cost, sanity = evidence.cost, evidence.finding("sanity")
    if gate.max_ece is not None:
        ece = number(evidence.finding("calibration"), "ece", "value")
        yield _at_most("expected calibration error", ece, gate.max_ece)
    if gate.max_latency_ms is not None:
        yield _at_most("p99 latency", number(cost, "latency_ms", "p99"), gate.max_latency_ms, " ms")
    if gate.max_size_mb is not None:
        yield _at_most("size", number(cost, "size_mb"), gate.max_size_mb, " MB")
    if gate.max_duplicates is not None:
        share = number(sanity, "duplicates", "test_in_train", "share")
        yield _at_most("share of test rows that train holds, too,", share, gate.max_duplicates)
    if gate.max_single_feature is not None:
        yield _single_feature(gate.max_single_feature, sanity)


def _single_feature(most: float, sanity: Mapping[str, Any]) -> Found:
    features = entries(sanity, "single_features")
    if not features and isinstance(sanity.get("single_features"), list):
        return Found(True, "no single feature", "looked at: the data has none", 0.0, most)
    strengths = [number(feature, "strength") for feature in features]
    if not strengths or None in strengths:
        return _at_most("strength of a single feature", None, most)
    strongest = max(range(len(features)), key=lambda place: strengths[place] or 0.0)
    name = features[strongest].get("feature")
    return _at_most(f'strength of the single feature "{name}"', strengths[strongest], most)


def _at_most(what: str, value: float | None, most: float, unit: str = "") -> Found:
    if value is None:
        return Found(False, f"there is no {what.removesuffix(',')} to judge", "", None, most)
    passed = value <= most
    told = f"{'at most' if passed else 'above'} {most:g}{unit}"
    return Found(passed, f"{what} {value:.4g}{unit}" if unit else f"{what} {value:.4f}", told, value, most)
