"""Sections about whom and what the predictions rest on: fairness, attributions, mistakes, leaks."""

from collections.abc import Mapping, Sequence
from typing import Any

from remint.config.metrics import label
from remint.registry.cards.blocks import Block, Facts, Plots, Section, Table, Text
from remint.registry.cards.figures import amount, figure, interval, percent
from remint.registry.cards.findings import Findings
from remint.registry.cards.words import not_evaluated, rows

DIFFERENCES = ("demographic_parity_difference", "equalized_odds_difference")
_RATES = ("selection_rate", "true_positive_rate", "false_positive_rate")
_STRONGEST = 5
"Features that are shown."
_LONGEST = 300
"Characters of a generated text that are shown."


def fairness_section(found: Findings, plots: tuple[str, ...]) -> Section:
    """How unlike groups of people are treated."""
    title, finding = "Whether groups are treated alike", found.fairness
    if finding is None:
        return not_evaluated(title, "`evaluation/findings/fairness.json`: no sensitive column is declared", plots)
    columns = finding["columns"]
    gaps = tuple((name, *(interval(column.get(gap)) for gap in DIFFERENCES)) for name, column in columns.items())
    groups = tuple(
        (name, str(group), figure(rates["rows"]), *(figure(rates[rate]) for rate in _RATES))
        for name, column in columns.items()
        for group, rates in column["groups"].items()
    )
    return Section(
        title,
        (
            Text(f'The outcome in question is "{finding["positive"]}". A difference of zero is perfectly alike.'),
            Table(("column", *map(label, DIFFERENCES)), gaps),
            Table(("column", "group", "rows", *map(label, _RATES)), groups, texts=2),
            *_left_out(columns),
            Plots(plots),
        ),
    )


def _left_out(columns: Mapping[str, Any]) -> list[Block]:
    named = [f"{name} = {group}" for name, column in columns.items() for group in column.get("left_out") or ()]
    return [Text(f"Too small to count in the differences: {', '.join(named)}.")] if named else []


def attributions_section(found: Findings, plots: tuple[str, ...]) -> Section:
    """What moves a prediction."""
    title, finding = "What it looks at", found.attributions
    if finding is None:
        return not_evaluated(title, "`evaluation/findings/attributions.json`", plots)
    of = f" Explained is: {finding['of']}." if "of" in finding else ""
    blocks: list[Block] = [Text(f"By {finding['method']}.{of}")]
    ranked = finding.get("importance") or (finding.get("features") if finding["kind"] == "steps" else None)
    if ranked:
        strongest = tuple((str(part["feature"]), figure(float(part["importance"]))) for part in ranked[:_STRONGEST])
        counted = f"on average over {rows(figure(finding['rows']))}" if "rows" in finding else "on average"
        blocks += [Text(f"The strongest features, and how far each moves a prediction {counted}:")]
        blocks += [Table(("feature", "moves by"), strongest)]
    return Section(title, (*blocks, Plots(plots)))


def mistakes_section(found: Findings, plots: tuple[str, ...]) -> Section:
    """Examples, the worst among them."""
    title = "Examples and mistakes"
    worst = (found.attributions or {}).get("worst") or ()
    texts = [Text(_continued(text)) for text in (found.samples or {}).get("texts", ())[:2] if "continuation" in text]
    if found.samples is None and not worst and not plots:
        return not_evaluated(title, "`evaluation/samples.json`")
    blocks: list[Block] = [Text("The test rows with the largest loss:"), _largest_losses(worst)] if worst else []
    blocks += [Text("How it goes on (after the bar):"), *texts] if texts else []
    blocks += [Plots(plots)] if plots else []
    return Section(title, tuple(blocks) or (Text("In `evaluation/samples.json`."),))


def _largest_losses(worst: Sequence[Mapping[str, Any]]) -> Table:
    keys = [key for key in ("target", "prediction", "probability", "loss") if key in worst[0]]
    lines = tuple((str(entry["row"]), *(_shown(entry[key]) for key in keys)) for entry in worst[:_STRONGEST])
    named = isinstance(worst[0].get("target"), str)
    return Table(("row", *keys), lines, texts=3 if named else 1)


def _shown(value: Any) -> str:
    return value if isinstance(value, str) else figure(value)


def _continued(text: Mapping[str, Any]) -> str:
    return " ".join(f"{text['prompt']} ▏{text['continuation']}".split())[:_LONGEST]


def sanity_section(found: Findings, plots: tuple[str, ...]) -> Section:
    """Whether the test can be trusted: duplicates across splits, features that tell too much."""
    title, finding = "Whether the test can be trusted", found.sanity
    if finding is None:
        return not_evaluated(title, "`evaluation/findings/sanity.json`", plots)
    blocks: list[Block] = _duplicates(finding["duplicates"])
    if strongest := finding["single_features"][:_STRONGEST]:
        blocks += [Text("How strongly a single feature foretells the target, from nothing to wholly:")]
        named = tuple((str(part["feature"]), figure(float(part["strength"]))) for part in strongest)
        blocks += [Table(("feature", "strength"), named)]
    return Section(title, (*blocks, Plots(plots)))


def _duplicates(finding: Mapping[str, Any]) -> list[Block]:
    parts = {"test": finding["test_in_train"], "validation": finding["val_in_train"]}
    lines = tuple(
        (words, *(figure(part[key]) for key in ("rows", "exact", "near")), percent(part["share"]))
        for words, part in parts.items()
        if part is not None and part["share"] is not None
    )
    if not lines:
        return [Text("Duplicates were not looked for: parts of a series overlap by nature.")]
    told = Text("Rows of which the train split holds a duplicate:")
    return [told, Table(("split", "rows", "exact", "near", "share"), lines)]


def cost_section(found: Findings) -> Section:
    """What the model takes: memory, time, energy, and on what machine that was measured."""
    title, cost = "What it costs", found.cost
    if cost is None:
        return not_evaluated(title, "`cost.json`")
    latency, machine = cost["latency_ms"], cost["machine"]
    calls = f"{rows(figure(latency['rows']))} a call, {figure(latency['calls'])} calls"
    return Section(
        title,
        (
            Facts(
                (
                    ("parameters", figure(cost["parameters"])),
                    ("weights and preprocessing", amount(cost["size_mb"], "MB")),
                    ("latency, median", f"{amount(latency['p50'], 'ms')} ({calls})"),
                    ("latency, one call in a hundred is slower", amount(latency["p99"], "ms")),
                    ("training", _amount(cost["training_seconds"], "s", "not recorded")),
                    ("energy of the training", _amount(cost["energy_wh"], "Wh", str(cost["energy_note"]))),
                    ("measured on", f"{machine['cpu']}, {figure(machine['cores'])} cores"),
                )
            ),
        ),
    )


def _amount(value: float | None, unit: str, otherwise: str) -> str:
    return otherwise if value is None else amount(value, unit)
