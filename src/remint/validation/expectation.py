"""One expectation: a sentence for people and a rule for Great Expectations."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

Table = Literal["rows", "columns", "facts"]
"What the rule looks at: the dataset's rows, a table of its columns' names, or one row of facts about the whole."


@dataclass(frozen=True)
class Expectation:
    """What is expected, where it was declared, and the rule that checks it."""

    sentence: str
    "In words, such as `age is between 0 and 120`."
    key: str
    "Where it is declared, below `datasets.NAME` of `datasets.yaml`."
    rule: str
    "A Great Expectations type, such as `expect_column_values_to_be_between`."
    arguments: Mapping[str, Any]
    "The rule's keyword arguments; its columns are raw ones or those of `remint.validation.names`."
    allowed: str
    "What is allowed, in words."
    table: Table = "rows"
    subject: str = ""
    "The raw column it is about; none: the dataset."
    shows: tuple[str, ...] = field(default=())
    "Columns whose values are shown for a row that fails."
    label: str = ""
    "What such a value is, where it is not the column's own."

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns that the rule needs."""
        if self.rule == "expect_column_to_exist":
            return ()
        return tuple(self.arguments.get("column_list", ())) or tuple(filter(None, [self.arguments.get("column")]))


def flag(sentence: str, key: str, column: str, *, tolerance: float = 0.0, **others: Any) -> Expectation:
    """Expect a derived column to be 1 in all rows that have a value there, but for a share of `tolerance`."""
    arguments = {"column": column, "value_set": [1], "mostly": mostly(tolerance)}
    return Expectation(sentence, key, "expect_column_values_to_be_in_set", arguments, **others)


def between(sentence: str, key: str, column: str, low: float | None, high: float | None, **others: Any) -> Expectation:
    """Expect all values present to lie in a closed interval."""
    arguments = {"column": column, "min_value": low, "max_value": high}
    return Expectation(sentence, key, "expect_column_values_to_be_between", arguments, **others)


def in_set(sentence: str, key: str, column: str, values: Sequence[str], **others: Any) -> Expectation:
    """Expect all values present to be one of `values`."""
    arguments = {"column": column, "value_set": list(values)}
    return Expectation(sentence, key, "expect_column_values_to_be_in_set", arguments, **others)


def mostly(tolerance: float) -> float:
    """Give the share that must hold; rounded, since 1 − 0.58 is a little more than 0.42 in binary."""
    return round(1 - tolerance, 12)
