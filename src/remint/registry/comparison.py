"""A version beside the champion, both on the same test rows."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

from remint.errors import RemintError
from remint.evaluation.bootstrap import paired_difference
from remint.evaluation.metrics import compute_metrics
from remint.evaluation.slice_values import slice_title
from remint.registry.evidence import Evidence, entries, number
from remint.registry.predictions import Predictions, same_classes
from remint.registry.rescore import TestSplit

REPLICATES, SEED = 1000, 0
"Of the paired bootstrap, where the version's own evaluation does not tell how many replicates it drew."
_FEW = 100
"Replicates of slices of which the point values alone are looked at."


Slices: TypeAlias = dict[tuple[str, str], Mapping[str, Any]]
"Name and value of a slice to its entry in `slices.json`."


class NotComparableError(RemintError):
    """A version and the champion cannot be held against each other; the message tells why."""


@dataclass(frozen=True)
class Side:
    """One of the two."""

    name: str
    "Such as `the champion`."
    evidence: Evidence
    model: Path
    "Its folder `data/`."


@dataclass(frozen=True)
class Part:
    """The rows of one slice."""

    slice: str
    value: str
    own: Mapping[str, float | None]
    theirs: Mapping[str, float | None]

    def __str__(self) -> str:
        return slice_title(self.slice, self.value)


@dataclass(frozen=True)
class Comparison:
    """What a version and the champion predict of the same test rows."""

    own: Predictions
    theirs: Predictions
    replicates: int
    block: int
    "Rows, or steps in time of a series, that the bootstrap draws together."
    find_parts: Callable[[], tuple[Part, ...]]

    def value(self, predictions: Predictions, metric: str) -> float | None:
        """Give a metric of one of the two; None where it is undefined."""
        return number(self._metrics(predictions), metric)

    def difference(self, metric: str) -> tuple[float, float, float] | None:
        """Give the version's metric minus the champion's, with the ends of its 95 % interval; None where undefined."""
        own, theirs = self.own, self.theirs
        found = paired_difference(
            own.task,
            own.target,
            own.predicted,
            theirs.predicted,
            own.classes,
            metric,
            self.replicates,
            SEED,
            self.block,
            own.moments if theirs.moments is None else theirs.moments,
        )
        value, low, high = (number(found, key) for key in ("value", "low", "high"))
        return None if value is None or low is None or high is None else (value, low, high)

    @cached_property
    def parts(self) -> tuple[Part, ...]:
        """Slices that are large enough to look at, with the metrics of both."""
        return self.find_parts()

    def _metrics(self, predictions: Predictions) -> dict[str, float]:
        return compute_metrics(predictions.task, predictions.target, dict(predictions.predicted), predictions.classes)


def compare(own: Side, champion: Side, today: TestSplit) -> Comparison:
    """Hold a version against the champion on the same test rows.

    Where both were evaluated on the same test split, by the predictions stored with them; else who was evaluated on
    another than today's is scored again. Raises NotComparableError.
    """
    again = own.evidence.digest is None or own.evidence.digest != champion.evidence.digest
    mine, theirs = (_seen(side, today, again) for side in (own, champion))
    drawn = own.evidence.finding("intervals")
    return Comparison(
        *_paired(mine.predictions, theirs.predictions),
        int(number(drawn, "replicates") or REPLICATES),
        int(number(drawn, "block") or 1),
        lambda: _parts(mine, theirs, today),
    )


@dataclass(frozen=True)
class _Seen:
    side: Side
    predictions: Predictions
    stored: bool
    "Whether they are those stored with the version."


def _seen(side: Side, today: TestSplit, again: bool) -> _Seen:
    try:
        if again and side.evidence.digest != today.digest:
            return _Seen(side, today.score(side.model), stored=False)
    except (RemintError, OSError, ValueError, KeyError) as error:
        raise NotComparableError(f"{side.name} cannot be scored on today's test rows: {error}") from error
    stored = side.evidence.predictions
    if stored is None:
        raise NotComparableError(f"{side.name} has no predictions.parquet")
    return _Seen(side, stored, stored=True)


def _paired(own: Predictions, theirs: Predictions) -> tuple[Predictions, Predictions]:
    """Give both with the same rows in the same order and the same classes."""
    if own.task != theirs.task:
        raise NotComparableError(f"the champion is of {theirs.task}, this version of {own.task}")
    if own.task == "classification":
        own, theirs = same_classes(own, theirs)
    if not np.array_equal(own.rows, theirs.rows) or not np.array_equal(own.target, theirs.target):
        raise NotComparableError("the predictions of the champion are of other test rows")
    return own, theirs


def _parts(mine: _Seen, theirs: _Seen, today: TestSplit) -> tuple[Part, ...]:
    """Give the slices that are of the declared size on either side, even those that one side has not.

    The champion's are found anew where it was sliced in another way.
    """
    smallest = number(mine.side.evidence.finding("slices"), "smallest") or 0
    own, other = (_slices(seen, today) for seen in (mine, theirs))
    if set(own) != set(other) and theirs.stored and _is_of(theirs, today):
        other = _cut(theirs.predictions, today)
    keys = dict.fromkeys((*own, *other))
    pairs = {key: (own.get(key, {}), other.get(key, {})) for key in keys}
    large = {key: pair for key, pair in pairs.items() if max(number(one, "rows") or 0 for one in pair) >= smallest}
    return tuple(Part(*key, *map(_values, pair)) for key, pair in large.items())


def _slices(seen: _Seen, today: TestSplit) -> Slices:
    content = seen.side.evidence.finding("slices")
    return _by_name(content) if seen.stored else _cut(seen.predictions, today)


def _cut(predictions: Predictions, today: TestSplit) -> Slices:
    """Find the slices of today's test rows."""
    from remint.evaluation.slices import slice_findings

    if not all(np.isfinite(values).all() for values in predictions.predicted.values()):
        raise NotComparableError("a prediction is NaN or infinite")
    config = today.config.model_copy(update={"replicates": _FEW})
    return _by_name(slice_findings(today.scored(predictions), config, today.unknown_token))


def _is_of(seen: _Seen, today: TestSplit) -> bool:
    try:
        return seen.side.evidence.digest == today.digest
    except RemintError:
        return False


def _by_name(content: Any) -> Slices:
    return {(str(entry.get("slice")), str(entry.get("value"))): entry for entry in entries(content, "slices")}


def _values(entry: Mapping[str, Any]) -> dict[str, float | None]:
    metrics = entry.get("metrics")
    return {name: number(metrics, name, "value") for name in metrics} if isinstance(metrics, Mapping) else {}
