"""`remint models`, `remint promote` and `remint rollback`."""

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from flows.healing import at_work
from remint.cli.project import require_project
from remint.registry import overview
from remint.registry.by_hand import promote as promote_version
from remint.registry.by_hand import rollback as roll_back
from remint.registry.history import Entry
from remint.tracking.models import Version

_WIDTH = 140
"Where standard output is no terminal."
_VERDICTS = {"identical": "green", "equivalent": "yellow", "different": "bold red"}


def models(name: str | None) -> None:
    """Print all registered models, or one model's versions, what its gates said of them, and its history."""
    require_project()
    console = _console()
    if name is None:
        console.print(_all_models(overview.all_models()))
        return
    model = overview.one_model(name)
    console.print(_versions(model.versions, model.metric))
    for version in model.versions:
        _print_gates(console, version)
    console.print()
    console.print(_history(model.history))


def promote(name: str, version: int, why: str | None) -> None:
    """Make a version champion."""
    require_project()
    with at_work():
        _tell(promote_version(name, version, why), name)


def rollback(name: str, why: str | None) -> None:
    """Return to the champion before."""
    require_project()
    with at_work():
        _tell(roll_back(name, why), name)


def _tell(entry: Entry, name: str) -> None:
    before = "there was none before" if entry.origin is None else f"before: version {entry.origin}"
    print(f"{name}: version {entry.target} is champion ({before})")


def _console() -> Console:
    console = Console(highlight=False)
    return console if console.is_terminal else Console(highlight=False, width=_WIDTH)


def _all_models(models: tuple[overview.Model, ...]) -> Table | str:
    if not models:
        return "no model is registered yet; `remint run` registers what it trains"
    table = _table("model", "versions", "champion", "metric", "test", "since (UTC)", "minted again (UTC)")
    for model in models:
        served, since = model.champion, _minute(model.history[-1].when) if model.history else ""
        number = "–" if served is None else str(served.number)
        value = "–" if served is None else overview.metric_text(served, model.metric)
        proof = "–" if served is None else _proof(served)
        table.add_row(escape(model.name), str(len(model.versions)), number, model.metric or "–", value, since, proof)
    return table


def _versions(versions: tuple[Version, ...], metric: str | None) -> Table:
    table = _table("version", "champion", "metric", "test", "registered (UTC)", "gates", "minted again (UTC)")
    for version in versions:
        verdicts = overview.verdicts(version)
        failed = [gate for gate, told in verdicts.items() if not told.startswith("passed")]
        gates = f"[red]failed[/] {escape(', '.join(failed))}" if failed else f"{len(verdicts)} passed"
        champion = "[green]champion[/]" if version.is_champion else ""
        registered = _minute(version.created.isoformat())
        value = overview.metric_text(version, metric)
        table.add_row(str(version.number), champion, metric or "–", value, registered, gates, _proof(version))
    return table


def _proof(version: Version) -> str:
    """Tell whether a version was minted again, and whether it is of a tree with uncommitted changes."""
    told = overview.proof(version)
    colour = next((colour for verdict, colour in _VERDICTS.items() if told.startswith(verdict)), "dim")
    dirty = "; [yellow]uncommitted changes[/]" if overview.is_dirty(version) else ""
    return f"[{colour}]{escape(told)}[/]{dirty}"


def _print_gates(console: Console, version: Version) -> None:
    verdicts = overview.verdicts(version)
    if not verdicts:
        return
    console.print(f"\nversion {version.number}")
    lines = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    for gate, told in verdicts.items():
        word, _, sentence = told.partition(": ")
        colour = "green" if word == "passed" else "bold red"
        lines.add_row(f"  [{colour}]{word}[/]", escape(gate), escape(sentence))
    console.print(lines)


def _history(entries: tuple[Entry, ...]) -> Table:
    table = _table("#", "when (UTC)", "what", "from", "to", "who", "why")
    for entry in entries:
        versions = ("–" if number is None else str(number) for number in (entry.origin, entry.target))
        table.add_row(
            str(entry.number), _minute(entry.when), entry.what, *versions, escape(entry.who), escape(entry.why)
        )
    return table


def _table(*columns: str) -> Table:
    table = Table(box=SIMPLE_HEAD, show_edge=False, pad_edge=False, header_style="bold")
    for column in columns:
        right = column in ("versions", "version", "test", "#", "from", "to")
        table.add_column(column, justify="right" if right else "left", overflow="fold")
    return table


def _minute(when: str) -> str:
    """Shorten a time in UTC, as ISO 8601 writes it, to the minute."""
    return when[:16].replace("T", " ")
