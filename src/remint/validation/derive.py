"""The tables that expectations are checked on, made from raw data in whole-column operations."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from remint.config.dataset import (
    CleaningConfig,
    ColumnSplit,
    ExpectationsConfig,
    ImageExpectations,
    SchemaConfig,
    SplitConfig,
    TextExpectations,
)
from remint.data.raw import RawData
from remint.errors import DataError
from remint.preprocessing.cleaning import Cleaning, fit_cleaning
from remint.preprocessing.identity import first_alike, image_ids, row_ids
from remint.preprocessing.split import SPLITS, assign_splits
from remint.validation import names
from remint.validation.expectation import Table
from remint.validation.splits import declared_columns
from remint.validation.texts import Tokens, text_column, text_columns, tokens_of
from remint.validation.times import time_columns
from remint.validation.values import categories, flags, typed_columns

NO_CLEANING = CleaningConfig()


@dataclass(frozen=True)
class Tables:
    """What expectations are checked on; see `remint.validation.expectation.Table`."""

    rows: pd.DataFrame
    columns: pd.DataFrame
    facts: pd.DataFrame
    splits: np.ndarray | None
    "Split of each row (text, N), none for one that is not used; None where it cannot be told."
    kept: np.ndarray
    "Rows that cleaning does not leave out (bool, N)."
    cleaning: Cleaning | None
    "None: it could not be fitted."
    tokens: Tokens | None
    "Of the texts of each split, where the modality is text."
    reasons: Mapping[str, str]
    "Why a derived column is left out, where the reason is not that its raw column is missing."

    def table(self, name: Table) -> pd.DataFrame:
        """Find a table by name."""
        return {"rows": self.rows, "columns": self.columns, "facts": self.facts}[name]


def derive(
    raw: RawData,
    schema: SchemaConfig,
    split: SplitConfig,
    expectations: ExpectationsConfig,
    modality: str = "tabular",
    cleaning: CleaningConfig = NO_CLEANING,
) -> Tables:
    """Make the tables. A column that is missing is left out, with all that hangs on it.

    What the schema says of columns is checked on all rows; what is expected of rows in each other's company
    (duplicates, splits, classes, texts), on those that cleaning keeps, since it is these that are trained on.
    """
    readable = readable_rows(raw)
    splits, no_splits = _splits(raw, split, readable)
    cleaner, kept = _cleaned(raw, splits, schema, cleaning)
    used = readable & kept
    columns = _raw_columns(raw.rows, schema, split, expectations)
    ids = _row_ids(raw.rows, schema) if raw.images is None else image_ids(raw.images)
    columns |= _duplicates(ids, used) | time_columns(raw.rows, modality, schema, split)
    if raw.images is not None:
        columns |= _image_columns(raw, raw.images, readable, expectations.images)
    if isinstance(split, ColumnSplit) and split.column in raw.rows:
        columns[names.OFFICIAL] = categories(raw.rows[split.column])
    text, tokens = text_column(schema) if modality == "text" else None, None
    if text in raw.rows:
        columns |= text_columns(raw.rows[text], used, expectations.texts or TextExpectations())
    if splits is not None:
        splits[~kept] = None
        whole = raw.images is not None or modality == "series"
        content = ids if whole else _content_ids(raw.rows, schema, split, ids)
        columns |= _overlaps(content, splits, names.ROW)
        columns |= _overlaps(row_ids(raw.rows[list(split.key)]), splits, names.KEY) if split.key else {}
        columns |= _known_classes(raw.rows, schema, splits)
        tokens = tokens_of(raw.rows[text], splits) if text in raw.rows else None
    facts = _facts(raw.rows.loc[kept], schema.target, splits, expectations, tokens)
    return Tables(
        rows=pd.DataFrame(columns, index=pd.RangeIndex(len(raw.rows))),
        columns=pd.DataFrame({"name": list(raw.rows.columns)}),
        facts=facts,
        splits=splits,
        kept=kept,
        cleaning=cleaner,
        tokens=tokens,
        reasons=_reasons(schema.target, tokens, no_splits),
    )


def readable_rows(raw: RawData) -> np.ndarray:
    """Tell which rows can be used (bool, N): all but those of images that do not decode."""
    if raw.images is None or "readable" not in raw.rows:
        return np.ones(len(raw.rows), dtype=bool)
    return raw.rows["readable"].to_numpy(dtype=bool)


def _raw_columns(
    rows: pd.DataFrame, schema: SchemaConfig, split: SplitConfig, expectations: ExpectationsConfig
) -> dict[str, Any]:
    together = {name for group in expectations.unique_together for name in group}
    columns: dict[str, Any] = {n: rows[n] for n in sorted({*declared_columns(schema, split), *together}) if n in rows}
    for name, declared in schema.columns.items():
        if name in rows:
            columns |= typed_columns(name, rows[name], declared)
    return columns


def _duplicates(ids: np.ndarray, readable: np.ndarray) -> dict[str, Any]:
    first = first_alike(ids, readable)
    return {names.ALIKE: first, names.NEW: flags(first == np.arange(len(ids)), readable)}


def _image_columns(
    raw: RawData, images: np.ndarray, readable: np.ndarray, expected: ImageExpectations | None
) -> dict[str, Any]:
    pixels = images.reshape(len(images), -1)
    darkest, brightest = (flags(extreme, readable) for extreme in (pixels.min(axis=1), pixels.max(axis=1)))
    _, height, width, channels = images.shape
    shape = {names.HEIGHT: height, names.WIDTH: width, names.CHANNELS: channels}
    if expected is not None and channels != expected.channels and "channels" in raw.rows:
        shape[names.CHANNELS] = raw.rows["channels"].to_numpy()  # one coloured file makes all of them coloured
    return {
        names.READABLE: readable.astype(np.float32),
        names.DARKEST: darkest,
        names.BRIGHTEST: brightest,
        names.VARIED: flags(darkest != brightest, readable),
        **{name: flags(np.broadcast_to(size, len(images)), readable) for name, size in shape.items()},
    }


def _row_ids(rows: pd.DataFrame, schema: SchemaConfig) -> np.ndarray:
    return row_ids(rows, [name for name, column in schema.columns.items() if column.type == "text"])


def _cleaned(
    raw: RawData, splits: np.ndarray | None, schema: SchemaConfig, config: CleaningConfig
) -> tuple[Cleaning | None, np.ndarray]:
    train = np.zeros(len(raw.rows), dtype=bool) if splits is None else np.asarray(splits == "train")
    try:
        cleaning = fit_cleaning(raw.rows, train, schema, config, raw.images)
        return cleaning, cleaning.kept(raw.rows, raw.images)
    except DataError:  # A column is missing that tells rows apart, which is an expectation of its own.
        return None, np.ones(len(raw.rows), dtype=bool)


def _splits(raw: RawData, split: SplitConfig, readable: np.ndarray) -> tuple[np.ndarray | None, str]:
    if not len(raw.rows):
        return None, "there are no rows"
    try:
        splits = assign_splits(raw, split).astype(object)
    except DataError as error:
        return None, str(error)
    splits[~readable] = None
    return splits, ""


def _content_ids(rows: pd.DataFrame, schema: SchemaConfig, split: SplitConfig, ids: np.ndarray) -> np.ndarray:
    """Compare what rows say, not what they are called: all but keys and the split's column."""
    names_only = {name for name, column in schema.columns.items() if column.role == "key"}
    names_only |= {split.column} if isinstance(split, ColumnSplit) else set()
    content = [name for name in rows.columns if name not in names_only]
    return _row_ids(rows[content], schema) if 0 < len(content) < len(rows.columns) else ids


def _overlaps(ids: np.ndarray, splits: np.ndarray, what: str) -> dict[str, Any]:
    first = first_alike(ids, splits == "train")
    apart = {names.apart(what, other): flags(first < 0, splits == other) for other in ("test", "val")}
    return {names.in_train(what): first, **apart}


def _known_classes(rows: pd.DataFrame, schema: SchemaConfig, splits: np.ndarray) -> dict[str, Any]:
    target = schema.target
    if target not in rows or schema.target_is_text:
        return {}
    codes = categories(rows[target]).codes
    seen = np.isin(codes, np.unique(codes[splits == "train"]))
    return {names.known(target): flags(seen, np.isin(splits, ("test", "val")) & (codes >= 0))}


def _reasons(target: str, tokens: Tokens | None, no_splits: str) -> dict[str, str]:
    apart = [names.apart(what, other) for what in (names.ROW, names.KEY) for other in ("test", "val")]
    no_text = {names.unknown(other): f"{other} holds no text" for other in ("test", "val") if tokens is not None}
    left_out = (*apart, *map(names.rows_of, SPLITS), *map(names.unknown, SPLITS), names.known(target))
    return dict.fromkeys(left_out, no_splits) if no_splits else no_text


def _facts(
    rows: pd.DataFrame,
    target: str,
    splits: np.ndarray | None,
    expectations: ExpectationsConfig,
    tokens: Tokens | None,
) -> pd.DataFrame:
    """Count each split, and share out each class that is declared, as far as splits and target can be told."""
    facts: dict[str, float] = {}
    if splits is not None:
        facts |= {names.rows_of(split): int((splits == split).sum()) for split in SPLITS}
    if tokens is not None:
        facts |= {names.unknown(split): share for split, share in tokens.unknown().items()}
    if target in rows and len(rows) and expectations.class_share:
        counts = pd.Series(categories(rows[target])).value_counts()
        facts |= {names.share(value): counts.get(value, 0) / len(rows) for value in expectations.class_share}
    return pd.DataFrame([facts], index=[0])
