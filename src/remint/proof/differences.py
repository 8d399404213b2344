"""What differs between two trainings."""

import difflib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from remint.proof.moved import Moved, compare_metrics
from remint.proof.side import PARTIAL, VIEWS, Side

_SHARED = {("code", "stages"), ("code", "training"), ("environment", "pinned"), ("parameters", "set")}
"Views of which a whole tree tells more, or a declaration less, than a training."
LINES = 40
"Of a file's diff that are given."
_NAMED = 8
"Files of other code that are named."


@dataclass(frozen=True)
class Change:
    """Something that differs."""

    name: str
    first: str | None
    "None where the first side has no such thing."
    second: str | None
    detail: str = ""
    "Rows of data, or a diff of code, where they are known."


@dataclass(frozen=True)
class Differences:
    """What differs between two sides."""

    changes: Mapping[str, tuple[Change, ...]]
    "Part to what differs in it; the parts that differ alone, in the order of VIEWS."
    equal: tuple[str, ...]
    "Parts, or what of them both tell of, that are equal."
    unknown: tuple[str, ...]
    "Parts, or what of them, that the two sides do not both tell of."
    metrics: tuple[Moved, ...]
    "None where the datasets are different: their test rows are other tasks."
    notes: tuple[str, ...] = ()

    @property
    def sentence(self) -> str:
        """Sum it up; that a difference is seed noise, or two trainings are one, where both sides tell of everything."""
        rest, noise = ", ".join(self.unknown), "what the metrics differ by is seed noise"
        if not self.changes:
            return (
                f"of what both tell, nothing differs; not told: {rest}"
                if rest
                else "the same training: nothing differs"
            )
        if tuple(self.changes) != ("seed",):
            return f"what differs: {', '.join(self.changes)}"
        if rest:
            return f"of what both tell, the seed alone differs; if the rest ({rest}) is equal, too, {noise}"
        return f"the seed alone differs: {noise}"


def compare(first: Side, second: Side) -> Differences:
    """Compare two sides, part by part, in what both tell."""
    changes: dict[str, tuple[Change, ...]] = {}
    equal: list[str] = []
    unknown: list[str] = []
    for part in _parts(first, second):
        view = next((name for name in VIEWS[part] if first.tells(part, name) and second.tells(part, name)), None)
        if view is None:
            unknown.append(part)
            continue
        told, untold = PARTIAL.get((part, view), (part, None))
        unknown += [untold] if untold else []
        found = tuple(_changes(part, view, first, second))
        if found:
            changes[part] = found
        else:
            equal.append(told)
    moved = compare_metrics(first.metrics, second.metrics, by_seed=tuple(changes) == ("seed",))
    metrics = moved if first.dataset == second.dataset else ()
    return Differences(changes, tuple(equal), tuple(unknown), metrics, tuple(_notes(first, second)))


def _parts(first: Side, second: Side) -> list[str]:
    """Name the parts that are asked about: of an experiment all, known or not."""
    if first.experiment is not None or second.experiment is not None:
        return list(VIEWS)
    return [part for part in VIEWS if part in first.views or part in second.views]


def _changes(part: str, view: str, first: Side, second: Side) -> Iterator[Change]:
    if part == "data" and first.dataset != second.dataset:
        yield Change("dataset", first.dataset, second.dataset)
        return
    one, other = first.views[part][view], second.views[part][view]
    for name in _names(part, view, one, other, first, second):
        if not _same(part, one.get(name), other.get(name), first.whole != second.whole):
            detail = {"data": _row_detail, "code": _code_detail}.get(part, _no_detail)(name, first, second)
            yield Change(name, one.get(name), other.get(name), detail)


def _names(
    part: str, view: str, one: Mapping[str, str], other: Mapping[str, str], first: Side, second: Side
) -> Sequence[str]:
    """Name what is to be compared: everything, but of a whole tree and a training what both can tell of."""
    if first.whole == second.whole or (part, view) not in _SHARED:
        return sorted(one.keys() | other.keys())
    if part == "code":
        return sorted(other if first.whole else one)
    return sorted(one.keys() & other.keys())


def _same(part: str, one: str | None, other: str | None, pinned: bool) -> bool:
    """Tell whether two values are one.

    The number of a parameter may be written in two ways. Where one side is a `pinned` version without a local label
    (`+cpu`), one that is installed with any label is that version.
    """
    if one == other or one is None or other is None:
        return one == other
    if part == "environment":
        return pinned and (one.partition("+")[0] == other or one == other.partition("+")[0])
    if part != "parameters":
        return False
    try:
        return float(one) == float(other)
    except ValueError:
        return False


def _no_detail(_name: str, _first: Side, _second: Side) -> str:
    return ""


def _row_detail(name: str, first: Side, second: Side) -> str:
    from remint.data.blocks import differing_rows

    one, other = first.rows.get(name), second.rows.get(name)
    return "" if one is None or other is None else differing_rows(one, other)


def _code_detail(name: str, first: Side, second: Side) -> str:
    one, other = first.text(name), second.text(name)
    return "" if one is None or other is None else unified_diff(name, one, other)


def unified_diff(name: str, first: str, second: str, lines: int = LINES) -> str:
    """Give `+ADDED −REMOVED` and at most so many lines of the unified diff of two texts."""
    found = list(difflib.unified_diff(first.splitlines(), second.splitlines(), name, name, "", "", 2, ""))[2:]
    added = sum(line.startswith("+") for line in found)
    removed = sum(line.startswith("-") for line in found)
    more = [f"… {len(found) - lines} more lines"] if len(found) > lines else []
    return "\n".join([f"+{added} −{removed} lines", *found[:lines], *more])


def _notes(first: Side, second: Side) -> Iterator[str]:
    """Tell of packages and code that differ and decide no training."""
    told = {name for side in (first, second) for name in side.views.get("environment", {}).get("trained", {})}
    one, other = first.packages, second.packages
    if one and other:
        names = [name for name in _unequal(one, other) if name not in told]
        if names:
            listed = (f"{name} {one.get(name, 'absent')} → {other.get(name, 'absent')}" for name in names)
            yield f"other packages, which decide no training: {', '.join(listed)}"
    code = _unequal(first.other_code, second.other_code)
    if code:
        more = f" and {len(code) - _NAMED} more" if len(code) > _NAMED else ""
        yield f"other code, which no stage of dvc.lock depends on: {', '.join(code[:_NAMED])}{more}"


def _unequal(one: Mapping[str, str], other: Mapping[str, str]) -> list[str]:
    return [name for name in sorted(one.keys() | other.keys()) if one.get(name) != other.get(name)]
