"""What a run shows in the terminal: what is going on, a line a finished stage, a table at the end."""

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.status import Status
from rich.table import Table

from flows.executor import Outcome
from flows.plan import Plan
from flows.summary import ExperimentResult, StageResult, Summary
from remint import paths
from remint.files import read_json
from remint.progress import shown_by

_COLOURS = {
    Outcome.RAN: "green",
    Outcome.RESTORED: "cyan",
    Outcome.UNCHANGED: "dim",
    Outcome.FAILED: "bold red",
}


_WIDTH = 120
"Of a table where standard output is no terminal."
_FEW = 5
"Experiments of which every gate gets a line of its own."


class Reporter:
    """Writes to standard output; where that is no terminal, finished lines only."""

    def __init__(self, plan: Plan | None = None) -> None:
        self._console = Console(highlight=False, width=None if sys.stdout.isatty() else _WIDTH)
        self._status = Status("", console=self._console)
        self._running: dict[str, str] = {}
        self._mutex = threading.Lock()
        self._width = plan.width if plan else 0

    @contextmanager
    def watching(self, plan: Plan) -> Iterator[None]:
        """Show what stages are at while the block runs."""
        self._width = plan.width
        with self._live(), shown_by(self._progress):
            yield

    @contextmanager
    def busy(self, what: str) -> Iterator[None]:
        """Show one activity while the block runs."""
        self._running[what] = ""
        with self._live():
            self._show()
            yield
        del self._running[what]

    def started(self, address: str) -> None:
        """Show a stage as running."""
        with self._mutex:
            self._running[address] = ""
            self._show()

    def finished(self, result: StageResult) -> None:
        """Print a stage's line."""
        with self._mutex:
            self._running.pop(result.address, None)
            self._show()
            colour = _COLOURS[result.outcome]
            line = f"{result.address:<{self._width}}  [{colour}]{result.outcome:<9}[/]  {result.seconds:6.1f} s"
            self._console.print(line)
            if result.error:
                self._console.print(f"  [red]{escape(result.error)}[/]")

    def note(self, text: str) -> None:
        """Print a remark."""
        self._console.print(escape(text))

    def table(self, summary: Summary) -> None:
        """Print each experiment's result beside its dataset's baselines, and where to look further."""
        if summary.experiments:
            self._console.print()
            self._console.print(_results(summary))
            self._gates(summary)
            self._console.print(f"\nCompare runs: [bold]remint ui[/]   Reports: {paths.DATA / 'reports'}")

    def _gates(self, summary: Summary) -> None:
        """Print a line a gate; where there are many experiments, those that passed all of theirs take one line."""
        judged = [result for result in summary.experiments if result.gates]
        brief = len(judged) > _FEW
        if judged:
            self._console.print("\n[bold]gates[/]")
        for result in judged:
            if brief and all(gate.passed for gate in result.gates):
                names = ", ".join(gate.gate for gate in result.gates)
                self._console.print(f"{result.experiment}: [green]passed[/] {escape(names)}", soft_wrap=False)
                continue
            self._console.print(f"{result.experiment}, version {result.version}")
            self._console.print(_gate_lines(result))

    @contextmanager
    def _live(self) -> Iterator[None]:
        if not self._console.is_terminal:
            yield
            return
        with self._status:
            yield

    def _progress(self, what: str, done: int, total: int) -> None:
        with self._mutex:
            for address in self._running:
                self._running[address] = f"{what} {done}/{total}" if total else f"{what} {done}"
            self._show()

    def _show(self) -> None:
        shown = [f"{address} {text}".strip() for address, text in self._running.items()]
        self._status.update(escape(" · ".join(shown)))


def _results(summary: Summary) -> Table:
    table = Table(box=SIMPLE_HEAD, show_edge=False, pad_edge=False, header_style="bold")
    for column in ("experiment", "metric", "test", "champion", "version", "promoted"):
        table.add_column(column, justify="right" if column in ("test", "champion", "version") else "left")
    for dataset in dict.fromkeys(result.dataset for result in summary.experiments):
        results = [result for result in summary.experiments if result.dataset == dataset]
        for result in results:
            table.add_row(*_row(result))
        for name, metrics in _baselines(dataset).items():
            beaten = ", ".join(result.experiment for result in results if name in result.beaten_by)
            value, remark = _number(metrics.get(results[0].metric)), f"beats {beaten}" if beaten else ""
            table.add_row(f"  baseline {name}", results[0].metric, value, "", "", remark, style="dim")
    return table


def _gate_lines(result: ExperimentResult) -> Table:
    """Give a line a gate: verdict, name, what was found."""
    lines = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    lines.add_column(no_wrap=True)
    lines.add_column(no_wrap=True)
    lines.add_column(overflow="fold")
    for gate in result.gates:
        verdict = "  [green]passed[/]" if gate.passed else "  [bold red]failed[/]"
        lines.add_row(verdict, escape(gate.gate), escape(gate.sentence))
    return lines


def _row(result: ExperimentResult) -> tuple[str, ...]:
    version = "" if result.version is None else str(result.version)
    failed = ", ".join(gate.gate for gate in result.gates if not gate.passed)
    why = f"failed {failed}" if failed and result.version != result.champion_version else result.reason
    promoted = "[green]yes[/]" if result.promoted else f"no: {escape(why)}"
    figures = _number(result.value), _number(result.champion_value)
    return (result.experiment, result.metric, *figures, version, promoted)


def _baselines(dataset: str) -> dict[str, dict[str, float]]:
    file = paths.report("baseline", dataset) / "metrics.json"
    return dict(read_json(file)) if file.exists() else {}


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.4f}"
