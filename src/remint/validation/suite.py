"""From a dataset's declaration to the list of all that is expected of it."""

from collections.abc import Iterator

from remint.config.dataset import ExpectationsConfig, ImageExpectations, SchemaConfig, SplitConfig, TextExpectations
from remint.validation import names, words
from remint.validation.columns import column_expectations, exists
from remint.validation.expectation import Expectation, between, flag, in_set
from remint.validation.images import image_expectations
from remint.validation.splits import declared_columns, split_expectations
from remint.validation.texts import text_column, text_expectations
from remint.validation.times import series_expectations

IMAGE_FILE_COLUMNS = ("file", "readable", "height", "width", "channels")
"Columns that the image formats add; no schema needs to declare them."


def suite(
    modality: str, schema: SchemaConfig, split: SplitConfig, expectations: ExpectationsConfig
) -> tuple[Expectation, ...]:
    """Turn a declaration into expectations: of the dataset, its splits, its columns, its images, texts or times."""
    images, texts = expectations.images or ImageExpectations(), expectations.texts or TextExpectations()
    text = text_column(schema) if modality == "text" else None
    return (
        *_dataset(modality, schema, split, expectations),
        *_target(schema, expectations),
        *split_expectations(modality, schema, split, expectations),
        *column_expectations(schema, modality),
        *(image_expectations(images) if modality == "image" else ()),
        *(text_expectations(text, texts) if text is not None else ()),
        *(series_expectations(schema, split) if modality == "series" else ()),
    )


def _dataset(
    modality: str, schema: SchemaConfig, split: SplitConfig, expectations: ExpectationsConfig
) -> Iterator[Expectation]:
    rows, noun = expectations.rows, "image" if modality == "image" else "row"
    if rows.min is not None or rows.max is not None:
        allowed = words.counted(words.numbers(rows.min, rows.max), "row")
        limits = {"min_value": _whole(rows.min), "max_value": _whole(rows.max)}
        rule = "expect_table_row_count_to_be_between"
        yield Expectation(f"the dataset has {allowed}", "expectations.rows", rule, limits, allowed)
    declared = declared_columns(schema, split)
    yield in_set(
        "every column is declared",
        "schema.columns",
        "name",
        (*declared, *(IMAGE_FILE_COLUMNS if modality == "image" else ())),
        allowed=", ".join(declared),
        table="columns",
        shows=("name",),
    )
    sentence = words.rarely(noun, "repeats an earlier one", "repeat an earlier one", expectations.duplicates)
    yield flag(
        sentence,
        "expectations.duplicates",
        names.NEW,
        tolerance=expectations.duplicates,
        allowed=words.at_most(expectations.duplicates),
        shows=(names.ALIKE,),
        label="same as row",
    )
    for together in expectations.unique_together:
        yield from (exists(name, "expectations.unique_together") for name in together if name not in declared)
        yield Expectation(
            f"{', '.join(together)} are unique together",
            "expectations.unique_together",
            "expect_compound_columns_to_be_unique",
            {"column_list": list(together)},
            allowed="each combination once",
            shows=together,
        )


def _target(schema: SchemaConfig, expectations: ExpectationsConfig) -> Iterator[Expectation]:
    target, nouns = schema.target, {"integer": "values", "float": "values", "text": "texts"}
    noun = nouns.get(schema.columns[target].type, "classes")
    yield Expectation(
        f"{target} has at least 2 {noun}",
        "schema.target",
        "expect_column_unique_value_count_to_be_between",
        {"column": target, "min_value": 2},
        allowed=f"at least 2 {noun}",
        subject=target,
    )
    for value, limits in expectations.class_share.items():
        allowed = words.shares(limits.min, limits.max)
        yield between(
            f"class {value} makes up {allowed} of all rows",
            f"expectations.class_share.{value}",
            names.share(value),
            limits.min,
            limits.max,
            allowed=allowed,
            table="facts",
            subject=target,
            shows=(names.share(value),),
        )


def _whole(end: float | None) -> int | None:
    return None if end is None else int(end)
