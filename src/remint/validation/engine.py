"""Great Expectations at work: the one module that imports it, and only when called, since that takes four seconds."""

import logging
import math
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import pandas as pd

from remint.validation import names, words
from remint.validation.derive import Tables
from remint.validation.expectation import Expectation
from remint.validation.report import Found, Outcome

FIRST = 5
"How many of the rows that fail are shown."


def check(expectations: Sequence[Expectation], tables: Tables, raw_rows: pd.DataFrame) -> tuple[Outcome, ...]:
    """Check expectations in their order; one whose columns are not there is not checked, and says why."""
    outcomes: dict[int, Outcome] = {}
    with _quiet():
        context = _context()
        for table in ("rows", "columns", "facts"):
            there = set(tables.table(table).columns)
            numbered = {i: e for i, e in enumerate(expectations) if e.table == table and set(e.columns) <= there}
            if numbered:
                with _batch(context, table, tables.table(table)) as batch:
                    results = _validated(batch, numbered)
                outcomes |= {i: _outcome(expectations[i], result, tables, raw_rows) for i, result in results.items()}
    return tuple(outcomes.get(i) or _unchecked(e, tables) for i, e in enumerate(expectations))


def _context() -> Any:
    import great_expectations as gx
    from great_expectations.data_context.types.base import ProgressBarsConfig

    context = gx.get_context(mode="ephemeral")
    context.enable_analytics(False)
    context.variables.progress_bars = ProgressBarsConfig(globally=False)
    return context


@contextmanager
def _batch(context: Any, name: str, table: pd.DataFrame) -> Iterator[Any]:
    """Give a table as Great Expectations takes it; let go of it afterwards, as the context is kept for good."""
    asset = context.data_sources.add_pandas(name).add_dataframe_asset(name)
    try:
        yield asset.add_batch_definition_whole_dataframe(name).get_batch({"dataframe": table})
    finally:
        context.data_sources.delete(name)


def _validated(batch: Any, numbered: dict[int, Expectation]) -> dict[int, Any]:
    """Give Great Expectations' result for each expectation, by its number.

    Raises RuntimeError where Great Expectations takes exception to a rule, which is a mistake of this package.
    """
    from great_expectations import ExpectationSuite

    rules = [{"type": e.rule, "kwargs": dict(e.arguments), "meta": {"number": i}} for i, e in numbered.items()]
    wanted = {"result_format": "SUMMARY", "partial_unexpected_count": FIRST, "exclude_unexpected_values": True}
    validation = batch.validate(ExpectationSuite("remint", expectations=rules), result_format=wanted)
    results = {_number(result): result for result in validation.results}
    for i, expectation in numbered.items():
        if i not in results or results[i].exception_info.get("raised_exception", True) is not False:
            raise RuntimeError(f"Great Expectations could not check: {expectation.sentence}")
    return results


def _number(result: Any) -> int:
    return int(result.expectation_config.meta["number"])


def _outcome(expected: Expectation, result: Any, tables: Tables, raw_rows: pd.DataFrame) -> Outcome:
    details = result.result
    if "element_count" not in details:
        found = _jsonable(details["observed_value"]) if "observed_value" in details else list(raw_rows.columns)
        observed = [] if result.success else [Found(None, found)]
        return Outcome(expected, bool(result.success), checked=1, failed=len(observed), first=tuple(observed))
    checked = details["element_count"] - (details.get("missing_count") or 0)
    rows = [int(row) for row in details.get("partial_unexpected_index_list") or ()]
    first = tuple(_found(expected, row, tables, raw_rows) for row in rows)
    return Outcome(expected, bool(result.success), checked, details["unexpected_count"], first)


def _found(expected: Expectation, row: int, tables: Tables, raw_rows: pd.DataFrame) -> Found:
    """Show a failing row's raw values, since those that were checked may be derived."""
    derived = tables.table(expected.table)
    values = {
        name.strip("()"): _jsonable(
            (raw_rows if expected.table == "rows" and name in raw_rows else derived)[name].iloc[row]
        )
        for name in expected.shows
    }
    if expected.label:
        values = {expected.label: next(iter(values.values()))}
    if names.READABLE in derived and "file" in raw_rows:
        values = {"file": raw_rows["file"].iloc[row], **values}
    value = values if expected.label or len(values) > 1 else next(iter(values.values()))
    return Found(row if expected.table == "rows" else None, value)


def _unchecked(expected: Expectation, tables: Tables) -> Outcome:
    missing = next(name for name in expected.columns if name not in tables.table(expected.table).columns)
    return Outcome(
        expected, None, reason=tables.reasons.get(missing) or f"column {expected.subject or missing} is missing"
    )


def _jsonable(value: Any) -> Any:
    """Give a plain JSON value; a whole float as an integer, infinity as text, a missing value as None."""
    if isinstance(value, list | tuple | set):
        return [_jsonable(item) for item in value]
    value = value.item() if isinstance(value, np.generic) else value
    if value is None or value is pd.NA or value != value:
        return None
    if isinstance(value, float):
        return str(value) if math.isinf(value) else int(value) if value.is_integer() else words.significant(value)
    return value if isinstance(value, bool | int | str) else str(value)


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep Great Expectations from logging, and undo that its import sends all warnings of the process to the log."""
    logger, show_warning = logging.getLogger("great_expectations"), warnings.showwarning
    handlers, propagate = logger.handlers, logger.propagate
    logger.handlers, logger.propagate = [logging.NullHandler()], False
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
            if warnings.showwarning is not show_warning:
                logging.captureWarnings(False)
    finally:
        logger.handlers, logger.propagate = handlers, propagate
