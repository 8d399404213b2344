"""What is expected of each column of the schema."""

from collections.abc import Iterator

from remint.config.dataset import Column, SchemaConfig
from remint.validation import names, words
from remint.validation.expectation import Expectation, between, flag, in_set, mostly

TYPE_WORDS = {"integer": "whole numbers", "float": "numbers", "boolean": "true or false", "text": "texts"}


def column_expectations(schema: SchemaConfig, modality: str) -> Iterator[Expectation]:
    """Give the expectations of all columns, in declared order. A target is never missing, but in a series."""
    for name, column in schema.columns.items():
        key = f"schema.columns.{name}"
        yield exists(name, key)
        yield from _type(name, key, column)
        yield from _values(name, key, column)
        yield _missing(name, key, 0.0 if name == schema.target and modality != "series" else column.missing)
        if column.unique:
            yield _unique(name, key)


def exists(name: str, key: str) -> Expectation:
    """Expect a column to be there."""
    rule = "expect_column_to_exist"
    return Expectation(f"column {name} exists", key, rule, {"column": name}, allowed=f"a column {name}", subject=name)


def _type(name: str, key: str, column: Column) -> Iterator[Expectation]:
    """Any scalar may be a category: it is its text that counts."""
    if column.type in TYPE_WORDS:
        allowed, fits = TYPE_WORDS[column.type], names.fits_type(name)
        yield flag(f"{name} holds {allowed}", f"{key}.type", fits, allowed=allowed, subject=name, shows=(name,))
    if column.type in ("integer", "float"):
        sentence, finite = f"{name} is finite", names.finite(name)
        yield flag(sentence, f"{key}.type", finite, allowed="finite numbers", subject=name, shows=(name,))


def _values(name: str, key: str, column: Column) -> Iterator[Expectation]:
    if column.min is not None or column.max is not None:
        allowed = words.numbers(column.min, column.max)
        key_end = "min" if column.min is not None else "max"
        yield between(
            f"{name} is {allowed}",
            f"{key}.{key_end}",
            names.number(name),
            column.min,
            column.max,
            allowed=allowed,
            subject=name,
            shows=(name,),
        )
    if column.values is not None:
        yield in_set(
            f"{name} is one of {words.listing(column.values)}",
            f"{key}.values",
            name,
            column.values,
            allowed=", ".join(column.values),
            subject=name,
            shows=(name,),
        )


def _missing(name: str, key: str, tolerance: float) -> Expectation:
    share = words.percent(tolerance)
    sentence = f"at most {share} of {name} are missing" if tolerance else f"{name} is never missing"
    allowed = f"at most {share} missing" if tolerance else "no missing value"
    arguments = {"column": name, "mostly": mostly(tolerance)}
    rule = "expect_column_values_to_not_be_null"
    return Expectation(sentence, f"{key}.missing", rule, arguments, allowed, subject=name, shows=(name,))


def _unique(name: str, key: str) -> Expectation:
    rule, allowed = "expect_column_values_to_be_unique", "each value once"
    return Expectation(
        f"{name} is unique", f"{key}.unique", rule, {"column": name}, allowed, subject=name, shows=(name,)
    )
