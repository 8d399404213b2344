"""What is expected of the splits."""

from collections.abc import Iterator

from remint.config.dataset import ColumnSplit, ExpectationsConfig, HashSplit, SchemaConfig, SplitConfig, TimeSplit
from remint.preprocessing.split import SPLITS
from remint.validation import names, words
from remint.validation.columns import exists
from remint.validation.expectation import Expectation, between, flag, in_set


def declared_columns(schema: SchemaConfig, split: SplitConfig) -> tuple[str, ...]:
    """Name the columns that raw rows may have, besides the built-in ones."""
    official = () if isinstance(split, HashSplit) else (split.column,)
    return tuple(dict.fromkeys((*schema.columns, *official, *split.key)))


def split_expectations(
    modality: str, schema: SchemaConfig, split: SplitConfig, expectations: ExpectationsConfig
) -> Iterator[Expectation]:
    """Give what is expected of the splits: that they can be told, hold rows, and share none."""
    if isinstance(split, ColumnSplit):
        yield in_set(
            f"{split.column} is one of {', '.join(SPLITS)}",
            "split.column",
            names.OFFICIAL,
            SPLITS,
            allowed=", ".join(SPLITS),
            subject=split.column,
            shows=(split.column,),
        )
    if isinstance(split, TimeSplit):
        yield flag(
            f"{split.column} holds times or numbers",
            "split.column",
            names.FITS_TIME,
            allowed="a time or a number",
            subject=split.column,
            shows=(split.column,),
        )
    for name in declared_columns(schema, split):
        if name not in schema.columns:
            yield exists(name, "split.key" if name in split.key else "split.column")
    for part in SPLITS:
        rows = names.rows_of(part)
        yield between(
            f"{part} has rows", "split", rows, 1, None, allowed="at least 1 row", table="facts", shows=(rows,)
        )
    for other in ("test", "val"):
        yield from _overlap(other, modality, split, expectations.split_overlap)
    target = schema.columns[schema.target]
    if target.type not in ("integer", "float", "text") and target.values is None:
        yield flag(
            f"every class of {schema.target} stands in train",
            "split",
            names.known(schema.target),
            allowed="classes of train rows",
            subject=schema.target,
            shows=(schema.target,),
        )


def _overlap(other: str, modality: str, split: SplitConfig, tolerance: float) -> Iterator[Expectation]:
    noun = "image" if modality == "image" else "row"
    sentence = words.rarely(f"{other} {noun}", "stands in train, too", "stand in train, too", tolerance)
    yield _apart(names.ROW, other, sentence, tolerance)
    if isinstance(split, ColumnSplit) and split.key:
        by_key = f"has the {', '.join(split.key)} of a train row"
        sentence = words.rarely(f"{other} row", by_key, by_key.replace("has", "have", 1), tolerance)
        yield _apart(names.KEY, other, sentence, tolerance)


def _apart(what: str, other: str, sentence: str, tolerance: float) -> Expectation:
    return flag(
        sentence,
        "expectations.split_overlap",
        names.apart(what, other),
        tolerance=tolerance,
        allowed=words.at_most(tolerance),
        shows=(names.in_train(what),),
        label="same as train row",
    )
