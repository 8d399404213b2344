"""Sections about how good the predictions are: metrics, slices, calibration, robustness."""

from collections.abc import Mapping
from typing import Any

from remint.config.metrics import label
from remint.registry.cards.about import About
from remint.registry.cards.blocks import Block, Facts, Plots, Section, Table, Text
from remint.registry.cards.figures import figure, interval, level, percent
from remint.registry.cards.findings import Finding, Findings
from remint.registry.cards.words import arrow, not_evaluated, ordered, rows, sentence

MOST_SLICES = 40
"Rows of the table of slices; the file has them all."


def metrics_section(found: Findings, about: About, plots: tuple[str, ...]) -> Section:
    """Every metric with its interval, beside the constant guess and the dataset's baselines."""
    title = "How well it does"
    if found.metrics is None:
        return not_evaluated(title, "`evaluation/metrics.json`", plots)
    others = rivals(found, about)
    names = ordered(about.task, about.primary_metric, found.metrics)
    lines = tuple(
        (label(name) + arrow(name), interval(found.overall(name)), *(figure(own.get(name)) for own in others.values()))
        for name in names
    )
    table = Table(("metric", "this model", *others), lines, marked=frozenset({0}))
    return Section(title, (Text(_how_measured(found.intervals)), table, Plots(plots)))


def rivals(found: Findings, about: About) -> dict[str, Mapping[str, float | None]]:
    """Name what a model is held against: the best constant guess first, then the baselines."""
    constant = (found.sanity or {}).get("constant") or about.baselines.get("constant")
    others = {name: own for name, own in about.baselines.items() if name != "constant"}
    return ({"constant guess": constant} if constant else {}) | others


def _how_measured(intervals: Finding) -> str:
    arrows = "↑ more is better, ↓ less is better."
    if intervals is None:
        return f"On the test split; no interval was computed. {arrows}"
    block = intervals.get("block") or 0
    drawn = f", drawn in blocks of {figure(block)}" if block > 1 else ""
    return (
        f"On the {rows(figure(intervals['rows']))} of the test split. In brackets the {percent(intervals['level'])} "
        f"interval of {figure(intervals['replicates'])} bootstrap samples{drawn}. {arrows}"
    )


def slices_section(found: Findings, about: About, plots: tuple[str, ...]) -> Section:
    """The primary metric on each slice, and each metric's worst slice."""
    title = "On parts of the data"
    if not found.slices or not found.slices["slices"]:
        what = "`evaluation/findings/slices.json`" if found.slices is None else "declared slice"
        return not_evaluated(title, what, plots)
    blocks: list[Block] = []
    if worst := found.slices["worst"]:
        smallest = rows(figure(found.slices["smallest"]))
        blocks += [
            Text(f"Where each metric is worst, among slices of at least {smallest}:"),
            _worst(found, about, worst),
        ]
    return Section(title, (*blocks, Plots(plots), *_all_slices(found, about)))


def _worst(found: Findings, about: About, worst: Mapping[str, Any]) -> Table:
    lines = []
    for name in ordered(about.task, about.primary_metric, worst):
        part = worst[name]
        where = (str(part["slice"]), str(part["value"]), figure(part["rows"]))
        overall = (found.overall(name) or {}).get("value")
        lines.append((label(name) + arrow(name), *where, interval(part["metric"]), figure(overall)))
    return Table(("metric", "slice", "value", "rows", "there", "overall"), tuple(lines), texts=3)


def _all_slices(found: Findings, about: About) -> list[Block]:
    parts = (found.slices or {})["slices"]
    metric = about.primary_metric
    worst = (found.slices or {})["worst"].get(metric, {})
    lines, marked = [], set()
    for i, part in enumerate(parts[:MOST_SLICES]):
        lines.append(
            (str(part["slice"]), str(part["value"]), figure(part["rows"]), interval(part["metrics"].get(metric)))
        )
        if (part["slice"], part["value"]) == (worst.get("slice"), worst.get("value")):
            marked.add(i)
    table = Table(("slice", "value", "rows", label(metric) + arrow(metric)), tuple(lines), 2, frozenset(marked))
    left = len(parts) - len(lines)
    more = Text(f"And {figure(left)} more in `evaluation/findings/slices.json`.")
    return [table, more] if left else [table]


def calibration_section(found: Findings, plots: tuple[str, ...]) -> Section:
    """Whether a probability means what it says."""
    title, finding = "Whether its probabilities can be trusted", found.calibration
    if finding is None:
        return not_evaluated(title, "`evaluation/findings/calibration.json`", plots)
    temperature = finding["temperature"]
    facts = (
        ("expected calibration error ↓", interval(finding["ece"])),
        (
            "temperature",
            "not fitted" if temperature is None else f"{figure(temperature)}, fitted on the validation split",
        ),
    )
    told = Text("How far the stated confidence lies from the share that is right, on average over the test rows.")
    return Section(title, (told, Facts(facts), Plots(plots) if plots else _bins(finding)))


def _bins(finding: Mapping[str, Any]) -> Table:
    lines = tuple(
        (
            f"{figure(part['low'])} to {figure(part['high'])}",
            *(figure(part[name]) for name in ("rows", "confidence", "accuracy")),
        )
        for part in finding["bins"]
        if part["rows"]
    )
    return Table(("confidence", "rows", "mean confidence", "share right"), lines)


def robustness_section(found: Findings, about: About, plots: tuple[str, ...]) -> Section:
    """The primary metric under each corruption, at each level."""
    title, finding, metric = "When inputs get worse", found.robustness, about.primary_metric
    if finding is None:
        return not_evaluated(title, "`evaluation/findings/robustness.json`: no corruption is declared", plots)
    lines = []
    for name, corruption in finding["corruptions"].items():
        clean, *harder = corruption["levels"]
        steps = " · ".join(f"{level(at['level'])}: {figure(at['metrics'].get(metric))}" for at in harder)
        lines.append((name, corruption["unit"], figure(clean["metrics"].get(metric)), steps))
    head = ("corruption", "level in", "unharmed", "level: " + label(metric) + arrow(metric))
    scored = f" on {rows(figure(finding['rows']))} of the test split" if finding.get("rows") else ""
    told = Text(sentence(f"{label(metric)}{scored}, as it is and corrupted ever harder"))
    return Section(title, (told, Table(head, tuple(lines), texts=2), Plots(plots)))
