"""What a validation found: as objects, as JSON for DVC, in words for people."""

from dataclasses import asdict, dataclass
from typing import Any

from remint.validation import words
from remint.validation.cleaned import CleaningSummary
from remint.validation.expectation import Expectation
from remint.validation.summary import ColumnSummary, ImageSummary, SplitSummary
from remint.validation.text_summary import TextSummary
from remint.validation.times import SeriesSummary

SHOWN_EXPECTATIONS = 10
LINE = 240


@dataclass(frozen=True)
class Found:
    """One failing row, column or fact."""

    row: int | None
    "Raw row number, counted from 0; None where it is no row."
    value: Any
    "What was found there, as JSON."


@dataclass(frozen=True)
class Outcome:
    """What became of one expectation."""

    expectation: Expectation
    success: bool | None
    "None: it could not be checked."
    checked: int = 0
    "How many rows, columns or facts were looked at."
    failed: int = 0
    "How many of them are not as expected; more than 0 in spite of success where a share is tolerated."
    first: tuple[Found, ...] = ()
    "The first five of those that failed."
    reason: str = ""
    "Why it could not be checked."

    @property
    def share(self) -> float:
        """Share of those checked that failed."""
        return self.failed / self.checked if self.checked else 0.0

    def content(self) -> dict[str, Any]:
        """Give it as JSON."""
        expected = self.expectation
        return {
            "expectation": expected.sentence,
            "allowed": expected.allowed,
            "declared": expected.key,
            "rule": expected.rule,
            "success": self.success,
            "checked": self.checked,
            "failed": self.failed,
            "share": words.significant(self.share),
            "first": [asdict(found) for found in self.first],
            **({"reason": self.reason} if self.reason else {}),
        }

    def found(self) -> str:
        """Tell how many failed, and the first of them."""
        if self.success is None:
            return f"not checked: {self.reason}"
        if self.first and self.first[0].row is None:
            more = f" and {self.failed - len(self.first)} more" if self.failed > len(self.first) else ""
            return f"found {', '.join(words.value(found.value) for found in self.first)}{more}"
        rows = "; ".join(f"row {found.row}: {words.value(found.value)}" for found in self.first)
        return f"{self.failed} of {self.checked} rows ({words.roughly(self.share)}) fail: {rows}"


@dataclass(frozen=True)
class Report:
    """All that a validation found out about a dataset."""

    rows: int
    outcomes: tuple[Outcome, ...]
    columns: tuple[ColumnSummary, ...]
    splits: dict[str, SplitSummary]
    images: ImageSummary | None = None
    texts: TextSummary | None = None
    series: SeriesSummary | None = None
    cleaning: CleaningSummary | None = None
    "None: nothing is declared, or it could not be fitted."

    @property
    def success(self) -> bool:
        """Whether everything that is expected was checked and holds."""
        return all(outcome.success for outcome in self.outcomes)

    @property
    def failures(self) -> tuple[Outcome, ...]:
        """Expectations that do not hold."""
        return tuple(outcome for outcome in self.outcomes if outcome.success is False)

    @property
    def unchecked(self) -> tuple[Outcome, ...]:
        """Expectations that could not be checked."""
        return tuple(outcome for outcome in self.outcomes if outcome.success is None)

    def content(self, dataset: str) -> dict[str, Any]:
        """Give the report as JSON: the same for the same data and declaration, whenever and wherever."""
        parts = {"texts": self.texts, "series": self.series, "cleaning": self.cleaning}
        return {
            "dataset": dataset,
            "success": self.success,
            "rows": self.rows,
            "splits": {name: split.content() for name, split in self.splits.items()},
            "columns": {column.name: column.content() for column in self.columns},
            "expectations": [outcome.content() for outcome in self.outcomes],
            **({"images": asdict(self.images)} if self.images else {}),
            **{name: part.content() for name, part in parts.items() if part is not None},
        }

    def message(self, dataset: str, page: str) -> str:
        """Tell what failed, in a few lines: each expectation, how many rows, the first of them, where to read more."""
        lines = [
            f"{dataset}: {len(self.failures)} of {len(self.outcomes)} expectations do not hold",
            *(words.cut(f"  {o.expectation.sentence}: {o.found()}", LINE) for o in self.failures[:SHOWN_EXPECTATIONS]),
        ]
        if len(self.failures) > SHOWN_EXPECTATIONS:
            lines.append(f"  … and {len(self.failures) - SHOWN_EXPECTATIONS} more")
        if self.unchecked:
            reasons = "; ".join(dict.fromkeys(outcome.reason for outcome in self.unchecked))
            lines.append(words.cut(f"  {len(self.unchecked)} more could not be checked: {reasons}", LINE))
        return "\n".join([*lines, f"Mend the data, or what datasets.yaml says of it; all of it: {page}"])
