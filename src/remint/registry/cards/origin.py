"""Sections about where a version comes from: its purpose, data, gates, and how to mint it again."""

from collections.abc import Mapping
from datetime import UTC, datetime
from io import StringIO
from typing import Any

from ruamel.yaml import YAML

from remint.config.metrics import label
from remint.registry.cards.about import About
from remint.registry.cards.blocks import Block, Code, Facts, Plots, Section, Table, Text
from remint.registry.cards.figures import figure
from remint.registry.cards.findings import Findings
from remint.registry.cards.words import not_evaluated, sentence

_SPLITS = ("train", "val", "test")


def purpose_section(about: About) -> Section:
    """What it is for."""
    said = tuple(Text(sentence(text)) for text in (about.description, about.dataset_description) if text)
    kind = Text(f"A model of family {about.family} for {label(about.task)}, trained on the dataset {about.dataset}.")
    return Section("What it is for", (*said, kind))


def data_section(about: About) -> Section:
    """What it learned from, and under which licence."""
    order = sorted(about.splits, key=lambda name: _SPLITS.index(name) if name in _SPLITS else len(_SPLITS))
    splits = " · ".join(f"{name} {figure(about.splits[name])}" for name in order)
    facts = (
        ("dataset", about.dataset),
        ("rows", splits or "not recorded"),
        ("licence", about.license or "not declared"),
        ("homepage", about.homepage or "not declared"),
        ("digest", about.dataset_digest),
    )
    return Section("Data", (Facts(facts),))


def gates_section(found: Findings) -> Section:
    """What was asked before it could be promoted, and the answers."""
    title, decision = "Gates", found.decision
    if decision is None:
        return not_evaluated(title, "`decision.json`")
    verdict = "Promoted to champion" if decision["promoted"] else "Not promoted"
    before = decision["champion_before"]
    against = "there was no champion before" if before is None else f"the champion before was version {figure(before)}"
    gates = decision["gates"]
    told = any(gate["sentence"] in decision["reason"] for gate in gates)
    why = "" if told else f" {sentence(str(decision['reason']))}"
    said = Text(f"{verdict} on {_moment(decision['when'])}; {against}.{why}")
    lines = tuple((gate["gate"], "✓ passed" if gate["passed"] else "✗ failed", gate["sentence"]) for gate in gates)
    table = Table(("gate", "verdict", "why"), lines, texts=3)
    return Section(title, (said, table) if lines else (said, Text("No gate is declared.")))


def mint_section(about: About) -> Section:
    """How to get the same version again, and how to know it."""
    commands = [f"git checkout {about.commit}"] if about.commit else []
    commands += ["make setup", f"remint run {about.model} --force"]
    commands += [f"grep '\"fingerprint\"' data/models/{about.model}/fingerprint.json"]
    blocks: list[Block] = [Code("\n".join(commands), "sh")]
    if not about.commit:
        blocks.append(Text("It was trained outside git, so that nothing tells which code it was."))
    elif about.dirty:
        blocks.append(Text("The work tree differed from this commit; the MLflow run keeps the difference."))
    told = Text(f"The same commit, data, parameters and environment give the fingerprint `{about.fingerprint}`.")
    return Section("How to mint it again", (*blocks, told))


def training_section(about: About, plots: tuple[str, ...]) -> Section:
    """The experiment's declaration and the curve of its training."""
    return Section("How it was trained", (*_parameters(about.parameters), Plots(plots)))


def _parameters(parameters: Mapping[str, Any]) -> list[Block]:
    if not parameters:
        return []
    text = StringIO()
    yaml = YAML()
    yaml.default_flow_style = None
    yaml.dump(_plain(parameters), text)
    return [Code(text.getvalue().rstrip(), "yaml", folded="Parameters")]


def _plain(value: Any) -> Any:
    """Give nested parameters as a YAML writer takes them, without those that say nothing."""
    if isinstance(value, Mapping):
        return {str(key): _plain(part) for key, part in value.items() if part not in (None, {}, [], ())}
    return [_plain(part) for part in value] if isinstance(value, list | tuple) else value


def _moment(text: str) -> str:
    """Give an ISO time to the minute, as people read it."""
    return datetime.fromisoformat(text).astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")
