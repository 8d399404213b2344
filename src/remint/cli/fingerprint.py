"""`remint why --fingerprint`: every part of what decides an experiment's training."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from remint import paths
from remint.cli.project import require_project
from remint.config.load import load_section
from remint.errors import RemintError
from remint.files import read_json
from remint.proof.coherence import HARDWARE
from remint.provenance import parts_digest
from remint.tracking.values import flat

_PARTS = ("data", "parameters", "seed", "precision", "code", "environment", "packages")
"The last are the rest of the environment."
_IN_ONE = ("code", "packages")
"Of these, what is equal on both sides is told in one line."
_OWN = HARDWARE | {"python", "libc"}
"What of an environment is no package."
_WIDTH = 140
"Where standard output is no terminal."
_SHOWN = 12
"Hexadecimal digits of a digest that are shown."


def fingerprint(name: str) -> None:
    """Print each part of an experiment's fingerprint, as trained and as a training of now would have it.

    Raises RemintError for an experiment that is not declared, and where there is neither a training nor its data.
    """
    require_project()
    trained, present = _trained(name), _present(name)
    if trained is None and present is None:
        raise RemintError(f"{name} was never trained, and its data is not prepared; `remint run {name}` does both")
    console = Console(highlight=False)
    console = console if console.is_terminal else Console(highlight=False, width=_WIDTH)
    console.print(_table(trained, present))
    console.print(_sentence(name, trained, present))


def _trained(name: str) -> Mapping[str, Any] | None:
    file = paths.model(name) / "fingerprint.json"
    return dict(read_json(file)) if file.is_file() else None


def _present(name: str) -> Mapping[str, Any] | None:
    """Give the fingerprint as the stage itself would; None where the data that it reads is not there."""
    from remint.stages import train

    section = load_section(Path(train.FILE), train.TOP, name, train.Section)
    if not all(path.exists() for path in train.inputs(name, section)):
        return None
    return train.fingerprint_of(name, section)


def _table(trained: Mapping[str, Any] | None, present: Mapping[str, Any] | None) -> Table:
    sides = {word: side for word, side in (("as trained", trained), ("now", present)) if side is not None}
    table = Table(box=SIMPLE_HEAD, show_edge=False, pad_edge=False, header_style="bold")
    for column in ("part", "name", *sides, *([""] if len(sides) == 2 else [])):
        table.add_column(column, overflow="fold")
    _add(table, "fingerprint", "", [str(side["fingerprint"]) for side in sides.values()])
    for part in _PARTS:
        leaves = [_leaves(part, side["parts"]) for side in sides.values()]
        rows = {name: [side.get(name) for side in leaves] for side in leaves for name in side}
        if part in _IN_ONE and len(sides) == 2:
            rows = _equal_in_one(rows)
        for number, (name, values) in enumerate(rows.items()):
            _add(table, "" if number else part, name, values)
    return table


def _equal_in_one(rows: Mapping[str, list[str | None]]) -> dict[str, list[str | None]]:
    """Put the rows whose values are equal into one, with their number and the digest of all of them, after the rest."""
    equal = {name: values[0] for name, values in rows.items() if values[0] == values[1]}
    rest = {name: values for name, values in rows.items() if name not in equal}
    if not equal:
        return rest
    told = f"{len(equal)} more, equal" if rest else f"all {len(equal)}"
    return {**rest, told: [parts_digest(equal)] * 2}


def _add(table: Table, part: str, name: str, values: list[str | None]) -> None:
    differs = len(values) == 2 and values[0] != values[1]
    mark = [f"[bold yellow]{'differs' if differs else ''}[/]"] if len(values) == 2 else []
    table.add_row(part, escape(name), *(_shown(value) for value in values), *mark)


def _leaves(part: str, parts: Mapping[str, Any]) -> dict[str, str]:
    """Give a part as text by name; of one that is a single value the name is empty."""
    if part in ("environment", "packages"):
        found = flat(parts.get("environment", {}))
        return {name: value for name, value in found.items() if (name in _OWN) == (part == "environment")}
    value = parts.get(part)
    if isinstance(value, dict):
        return flat(value)
    return {} if value is None else {"": str(value)}


def _sentence(name: str, trained: Mapping[str, Any] | None, present: Mapping[str, Any] | None) -> str:
    if trained is None:
        return f"{name} was never trained here"
    if present is None:
        return f"what a training of now would have is not known: its data is not prepared; see `remint why {name}`"
    if trained["fingerprint"] == present["fingerprint"]:
        return f"{name} is trained: a training of now, on the data as it lies here, would be the same"
    return f"{name} would be trained anew: what differs decides its bits"


def _shown(value: str | None) -> str:
    if value is None:
        return "[dim]–[/]"
    digest = len(value) == 64 and all(letter in "0123456789abcdef" for letter in value)
    return escape(f"{value[:_SHOWN]}…" if digest else value)
