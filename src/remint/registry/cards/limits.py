"""Where the model should not be trusted: what was declared, and what its own findings say."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from remint.config.metrics import HIGHER_IS_BETTER, label
from remint.registry.cards.about import About
from remint.registry.cards.blocks import Bullets, Section, Text
from remint.registry.cards.figures import figure, interval, level, percent
from remint.registry.cards.findings import Findings
from remint.registry.cards.quality import rivals
from remint.registry.cards.trust import DIFFERENCES
from remint.registry.cards.words import rows, slice_name

_NAMED = 8
"Small slices named at most."


def limits_section(found: Findings, about: About) -> Section:
    """List the declared limits, then those that the findings show."""
    shown = (_better_rivals, _worst_slice, _small_slices, _hardest, _calibration, _unlike, _duplicates, _unseen)
    derived = [text for look in shown for text in look(found, about)]
    items = (*about.limits, *derived)
    return Section("Limits", (Bullets(items),) if items else (Text("None declared, and none found."),))


def _better_rivals(found: Findings, about: About) -> Iterator[str]:
    metric = about.primary_metric
    own = (found.metrics or {}).get(metric)
    for name, metrics in rivals(found, about).items():
        other = metrics.get(metric)
        if own is not None and other is not None and _worse(metric, own, other):
            yield f"Beaten by {name}: {label(metric)} {figure(other)} against {figure(own)}."


def _worst_slice(found: Findings, about: About) -> Iterator[str]:
    worst = (found.slices or {}).get("worst", {}).get(about.primary_metric)
    overall = (found.metrics or {}).get(about.primary_metric)
    if worst is not None:
        where = f"{slice_name(worst)} ({rows(figure(worst['rows']))})"
        against = "" if overall is None else f", against {figure(overall)} overall"
        yield f"Worst on {where}: {label(about.primary_metric)} {interval(worst['metric'])}{against}."


def _small_slices(found: Findings, _about: About) -> Iterator[str]:
    smallest = (found.slices or {}).get("smallest", 0)
    small = [part for part in (found.slices or {}).get("slices", ()) if part["rows"] < smallest]
    if small:
        named = ", ".join(f"{slice_name(part)} ({figure(part['rows'])})" for part in small[:_NAMED])
        more = f" and {figure(len(small) - _NAMED)} more" if len(small) > _NAMED else ""
        yield f"Too few test rows to judge, fewer than {figure(smallest)}: {named}{more}."


def _hardest(found: Findings, about: About) -> Iterator[str]:
    metric = about.primary_metric
    falls = []
    for name, corruption in (found.robustness or {}).get("corruptions", {}).items():
        clean, hard = (corruption["levels"][i]["metrics"].get(metric) for i in (0, -1))
        if clean is not None and hard is not None:
            fall = clean - hard if HIGHER_IS_BETTER[metric] else hard - clean
            falls.append((fall, name, f"{level(corruption['levels'][-1]['level'])} {corruption['unit']}", clean, hard))
    if falls and max(falls)[0] > 0:
        _, name, amount, clean, hard = max(falls)
        yield f"Most harmed by {name}: at {amount}, {label(metric)} goes from {figure(clean)} to {figure(hard)}."


def _calibration(found: Findings, _about: About) -> Iterator[str]:
    if found.calibration is not None and found.calibration["ece"]["value"] is not None:
        yield f"Stated confidence is off by {interval(found.calibration['ece'])} on average."


def _unlike(found: Findings, _about: About) -> Iterator[str]:
    """Name the gap that is surest: a small group has a large one by chance alone."""
    surest: Callable[[tuple[str, str, Mapping[str, Any]]], float] = lambda gap: gap[2]["low"]  # noqa: E731
    gaps = [
        (name, gap, column[gap])
        for name, column in (found.fairness or {}).get("columns", {}).items()
        for gap in DIFFERENCES
        if (column.get(gap) or {}).get("low") is not None
    ]
    if gaps:
        name, gap, found_gap = max(gaps, key=surest)
        yield f"Groups of {name} are treated unlike: {label(gap)} {interval(found_gap)}."


def _duplicates(found: Findings, _about: About) -> Iterator[str]:
    share = ((found.sanity or {}).get("duplicates", {}).get("test_in_train") or {}).get("share")
    if share:
        yield f"Of {percent(share)} of the test rows the train split holds a duplicate, exact or near."


def _unseen(found: Findings, about: About) -> Iterator[str]:
    looks = {
        "parts of the data": found.slices,
        "worse inputs": found.robustness,
        "what it looks at": found.attributions,
        "duplicates and leaks": found.sanity,
    }
    if about.task == "classification":
        looks |= {"calibration": found.calibration, "fairness": found.fairness}
    missing = [name for name, finding in looks.items() if finding is None]
    if missing:
        yield f"Never evaluated: {', '.join(missing)}."


def _worse(metric: str, own: float, other: float) -> bool:
    return own < other if HIGHER_IS_BETTER[metric] else own > other
