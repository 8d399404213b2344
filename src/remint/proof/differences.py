"""What differs between two trainings, and which of their metrics moved beyond chance."""

import difflib
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from remint.config.metrics import HIGHER_IS_BETTER

if TYPE_CHECKING:
    from remint.data.blocks import Blocks

VIEWS: Mapping[str, tuple[str, ...]] = {
    "data": ("files", "prepared", "digest", "locked"),
    "parameters": ("trained", "declared", "set"),
    "dataset's declaration": ("declared",),
    "seed": ("seed",),
    "code": ("stages", "training"),
    "environment": ("environment",),
}
"Part to the ways in which a side may tell of it, the most telling first: the first that both have is compared."
_PARTIAL = {("code", "stages"), ("code", "training"), ("environment", "environment"), ("parameters", "set")}
"Views of which a whole tree tells more, or a declaration less, than a training."
LINES = 40
"Of a file's diff that are given."
_NAMED = 8
"Files of other code that are named."


@dataclass(frozen=True)
class Interval:
    """A metric of the test split with the ends of its 95 % interval; None where nobody computed those."""

    value: float
    low: float | None = None
    high: float | None = None

    def holds(self, value: float) -> bool:
        """Tell whether a value lies in the interval; one that is not known holds everything."""
        return self.low is None or self.high is None or self.low <= value <= self.high


def _no_text(_file: str) -> str | None:
    return None


@dataclass(frozen=True)
class Side:
    """One of the two that are compared: what is known of a training, as text by name."""

    label: str
    "What a person calls it."
    experiment: str | None
    dataset: str | None
    views: Mapping[str, Mapping[str, Mapping[str, str]]]
    "Part to view to name to value; a part or view that is not there is not known."
    metrics: Mapping[str, Interval] = field(default_factory=dict)
    rows: "Mapping[str, Blocks]" = field(default_factory=dict)
    "Path of a data file to digests of blocks of its rows."
    text: Callable[[str], str | None] = _no_text
    "Gives the text of a code file, None where it is not at hand."
    whole: bool = False
    "Whether it is a whole tree, which holds more code and packages than a training uses."
    packages: Mapping[str, str] = field(default_factory=dict)
    "Of every installed package its version."
    other_code: Mapping[str, str] = field(default_factory=dict)
    "Digest by path of code that no stage uses."


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
class Moved:
    """A metric that both sides have."""

    name: str
    first: Interval
    second: Interval

    @property
    def difference(self) -> float:
        """The second less the first."""
        return self.second.value - self.first.value

    @property
    def beyond(self) -> bool:
        """Whether each value lies outside the other's interval; where no interval is known, none does."""
        return not self.first.holds(self.second.value) and not self.second.holds(self.first.value)

    @property
    def verdict(self) -> str:
        """One of `equal`, `better`, `worse`, `within noise`, `not judged` (without intervals or a known direction)."""
        if math.isclose(self.first.value, self.second.value, rel_tol=1e-8, abs_tol=1e-9):  # reports are rounded
            return "equal"
        if self.name not in HIGHER_IS_BETTER or None in (self.first.low, self.second.low):
            return "not judged"
        if not self.beyond:
            return "within noise"
        return "better" if (self.difference > 0) == HIGHER_IS_BETTER[self.name] else "worse"


@dataclass(frozen=True)
class Differences:
    """What differs between two sides."""

    changes: Mapping[str, tuple[Change, ...]]
    "Part to what differs in it; the parts that differ alone, in the order of VIEWS."
    equal: tuple[str, ...]
    unknown: tuple[str, ...]
    "Parts that the two sides do not both tell of."
    metrics: tuple[Moved, ...]
    notes: tuple[str, ...] = ()

    @property
    def sentence(self) -> str:
        """Sum it up."""
        known = f"of what both tell (not of {', '.join(self.unknown)}) " if self.unknown else ""
        if not self.changes:
            return f"{known}nothing differs" if known else "the same training: nothing differs"
        if tuple(self.changes) == ("seed",):
            return f"{known}the seed alone differs: what the metrics differ by is seed noise"
        return f"{known}what differs: {', '.join(self.changes)}"


def compare(first: Side, second: Side) -> Differences:
    """Compare two sides, part by part, in what both tell."""
    changes: dict[str, tuple[Change, ...]] = {}
    equal: list[str] = []
    unknown: list[str] = []
    for part, names in VIEWS.items():
        view = next((name for name in names if _has(first, part, name) and _has(second, part, name)), None)
        if view is None:
            if part in first.views or part in second.views:
                unknown.append(part)
            continue
        found = tuple(_changes(part, view, first, second))
        if found:
            changes[part] = found
        else:
            equal.append(part)
    moved = tuple(Moved(name, first.metrics[name], second.metrics[name]) for name in _both(first, second))
    return Differences(changes, tuple(equal), tuple(unknown), moved, tuple(_notes(first, second)))


def _has(side: Side, part: str, view: str) -> bool:
    return view in side.views.get(part, {})


def _changes(part: str, view: str, first: Side, second: Side) -> Iterator[Change]:
    if part == "data" and first.dataset != second.dataset:
        yield Change("dataset", first.dataset, second.dataset)
        return
    one, other = first.views[part][view], second.views[part][view]
    for name in _names(part, view, one, other, first, second):
        if not _same(one.get(name), other.get(name)):
            detail = {"data": _row_detail, "code": _code_detail}.get(part, _no_detail)(name, first, second)
            yield Change(name, one.get(name), other.get(name), detail)


def _names(
    part: str, view: str, one: Mapping[str, str], other: Mapping[str, str], first: Side, second: Side
) -> Sequence[str]:
    """Name what is to be compared: everything, but of a whole tree and a training what both can tell of."""
    if first.whole == second.whole or (part, view) not in _PARTIAL:
        return sorted(one.keys() | other.keys())
    if part == "code":
        return sorted(other if first.whole else one)
    return sorted(one.keys() & other.keys())


def _same(one: str | None, other: str | None) -> bool:
    """Tell whether two values are one; a number may be written in two ways."""
    if one == other or one is None or other is None:
        return one == other
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


def _both(first: Side, second: Side) -> list[str]:
    """Name the metrics that both have, in their declared order."""
    order = list(HIGHER_IS_BETTER)
    names = first.metrics.keys() & second.metrics.keys()
    return sorted(names, key=lambda name: (order.index(name) if name in order else len(order), name))


def _notes(first: Side, second: Side) -> Iterator[str]:
    """Tell of packages and code that differ and decide no training."""
    told = {name for side in (first, second) for name in side.views.get("environment", {}).get("environment", {})}
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
