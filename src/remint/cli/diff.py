"""`remint diff`: what differs between two runs, versions or commits."""

from dataclasses import replace

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from remint.cli.project import require_project
from remint.config.metrics import label
from remint.proof.differences import Change, Differences, compare
from remint.proof.moved import Interval, Moved
from remint.proof.references import find
from remint.proof.sides import Pair, pairs

_WIDTH = 140
"Where standard output is no terminal."
_SHOWN = 12
"Hexadecimal digits of a digest that are shown."
_FILES = 5
"Of an experiment's code that differs between two commits; all files stand before the experiments."
_COLOURS = {"better": "green", "worse": "red", "within noise": "dim", "equal": "dim"}


def diff(first: str, second: str) -> None:
    """Print what differs between two things. Raises RemintError for what cannot be found or compared."""
    require_project()
    console = Console(highlight=False)
    console = console if console.is_terminal else Console(highlight=False, width=_WIDTH)
    named = find(first), find(second)
    found = [(pair, compare(pair.first, pair.second)) for pair in pairs(*named)]
    if len(found) == 1:
        _print(console, *found[0])
        return
    same = [pair.title for pair, differences in found if not differences.changes and not _moved(differences)]
    merged = _merged([each for each in found if each[0].title not in same])
    for number, (pair, differences) in enumerate(merged):
        _print(console, pair, differences, after="\n" if same or number + 1 < len(merged) else "")
    if same:
        console.print(f"[dim]equal:[/] {escape(', '.join(same))}")


def _merged(found: list[tuple[Pair, Differences]]) -> list[tuple[Pair, Differences]]:
    """Put experiments that differ in the same into one; metrics that are equal are left out."""
    merged: list[tuple[Pair, Differences]] = []
    for pair, differences in found:
        short = differences if _moved(differences) else replace(differences, metrics=())
        told = (short, _remarks(pair, short))
        like = next((n for n, other in enumerate(merged) if (other[1], _remarks(*other)) == told), None)
        if like is None:
            merged.append((pair, short))
        else:
            merged[like] = replace(merged[like][0], title=f"{merged[like][0].title}, {pair.title}"), short
    return merged


def _print(console: Console, pair: Pair, differences: Differences, after: str = "") -> None:
    title = f"{pair.title}: " if pair.title else ""
    console.print(f"[bold]{escape(f'{title}{pair.first.label} → {pair.second.label}')}[/]")
    console.print(escape(differences.sentence))
    if differences.changes:
        console.print()
        console.print(_changes(differences, pair))
    for change in (change for part in differences.changes.values() for change in part):
        if "\n" in change.detail:
            console.print(f"\n[bold]{escape(change.name)}[/]\n{_coloured(change.detail)}")
    if differences.metrics:
        console.print()
        console.print(_metrics(differences.metrics, pair))
    for note in _remarks(pair, differences):
        console.print(escape(note), style="dim")
    console.print(after, end="")


def _changes(differences: Differences, pair: Pair) -> Table:
    where = ["where"] if any(_short_detail(change) for part in differences.changes.values() for change in part) else []
    table = _table("part", "what", pair.first.label, pair.second.label, *where)
    for part, changes in differences.changes.items():
        shown = changes[:_FILES] if part == "code" and pair.title and pair.first.experiment else changes
        for number, change in enumerate(shown):
            name = "" if number else part
            told = [escape(_short_detail(change))] if where else []
            table.add_row(name, escape(change.name), _value(change.first), _value(change.second), *told)
        if len(shown) < len(changes):
            table.add_row("", f"… {len(changes) - len(shown)} more of the files above")
    return table


def _metrics(moved: tuple[Moved, ...], pair: Pair) -> Table:
    table = _table("metric (test)", pair.first.label, pair.second.label, "difference", "beyond its interval?")
    for metric in moved:
        verdict = f"[{_COLOURS.get(metric.verdict, 'default')}]{metric.verdict}[/]"
        table.add_row(
            escape(label(metric.name)),
            _interval(metric.first),
            _interval(metric.second),
            "0" if metric.verdict == "equal" else _signed(metric.difference),
            verdict,
        )
    return table


def _remarks(pair: Pair, differences: Differences) -> list[str]:
    remarks = [f"equal: {', '.join(differences.equal)}"] if differences.equal else []
    if differences.unknown:
        remarks.append(f"not told by both: {', '.join(differences.unknown)}")
    if not differences.metrics and pair.first.experiment is not None:
        remarks.append(_why_no_metrics(pair))
    return [*remarks, *differences.notes]


def _why_no_metrics(pair: Pair) -> str:
    if pair.first.dataset != pair.second.dataset:
        return "metrics of different datasets are not compared"
    if pair.first.metrics.keys() & pair.second.metrics.keys():
        return "no metric moved"
    lacking = [side.label for side in (pair.first, pair.second) if not side.metrics]
    if not lacking:
        return "no metric is at hand of both: they have none in common"
    which = "of a commit: where its dvc.lock is of its params.yaml and DVC's cache here has them"
    return f"no metric is at hand of both: of {' and '.join(lacking)} there is none ({which})"


def _moved(differences: Differences) -> bool:
    return any(metric.verdict != "equal" for metric in differences.metrics)


def _short_detail(change: Change) -> str:
    return change.detail.partition("\n")[0]


def _coloured(detail: str) -> str:
    colours = {"+": "green", "-": "red", "@": "cyan"}
    lines = detail.splitlines()[1:]
    return "\n".join(f"[{colours.get(line[:1], 'default')}]{escape(line)}[/]" for line in lines)


def _value(value: str | None) -> str:
    if value is None:
        return "[dim]–[/]"
    digest = len(value) >= 32 and all(letter in "0123456789abcdef" for letter in value.removesuffix(".dir"))
    return escape(f"{value[:_SHOWN]}…" if digest else value)


def _signed(value: float) -> str:
    """Give a difference with the sign that gates use for one below 0; what rounds to 0 has none."""
    text = f"{value:+.4f}".replace("-", "−")
    return text if text[1:] != "0.0000" else "0.0000"


def _interval(interval: Interval) -> str:
    if interval.low is None or interval.high is None:
        return f"{interval.value:.4f}"
    return f"{interval.value:.4f} [dim]({interval.low:.4f}–{interval.high:.4f})[/]"


def _table(*columns: str) -> Table:
    table = Table(box=SIMPLE_HEAD, show_edge=False, pad_edge=False, header_style="bold")
    for column in columns:
        table.add_column(escape(column), justify="right" if column == "difference" else "left", overflow="fold")
    return table
