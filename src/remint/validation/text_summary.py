"""What the texts of a dataset look like."""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd

from remint.config.dataset import SchemaConfig
from remint.validation import names
from remint.validation.derive import Tables
from remint.validation.texts import Tokens, lengths_of, text_column
from remint.validation.words import cut, significant

BINS = 24
LONGEST, SHORTEST, SPREAD = 3, 3, 6
"How many texts of each kind are shown; the spread ones stand at even distances among all rows."
SHOWN = 160
TOP = 24


@dataclass(frozen=True)
class Example:
    """A text as it is shown."""

    row: int
    kind: str
    "`longest`, `shortest` or `in between`."
    split: str
    target: str
    "Empty where the text itself is the target."
    characters: int
    text: str
    "Its beginning."


@dataclass(frozen=True)
class TextSummary:
    """The texts that cleaning keeps, in a few numbers and some examples."""

    column: str
    texts: int
    min: int
    "Characters of the shortest text; white space at both ends of a text is never counted."
    median: float
    mean: float
    max: int
    histogram: tuple[int, ...]
    "Texts in bins of equal width from min to the 99 % quantile of characters; the last holds all that are longer."
    characters: int
    "Different characters."
    tokens: str
    "What unknown tokens are counted by: `words` or `characters`."
    vocabulary: int
    "Different tokens of all splits."
    unknown: dict[str, float]
    "Split to the share of its tokens that train does not hold."
    top: dict[str, int]
    "Most frequent tokens of train."
    examples: tuple[Example, ...]

    def content(self) -> dict[str, Any]:
        """Give it as JSON."""
        lengths = {"min": self.min, "median": self.median, "mean": self.mean, "max": self.max}
        return {
            "column": self.column,
            "texts": self.texts,
            "characters": {**lengths, "distinct": self.characters},
            "tokens": {"are": self.tokens, "distinct": self.vocabulary, "unknown": self.unknown},
            "top": [[token, count] for token, count in self.top.items()],
            "examples": [asdict(example) for example in self.examples],
        }


def text_summary(rows: pd.DataFrame, schema: SchemaConfig, tables: Tables) -> TextSummary | None:
    """Summarise the column of texts; None where there is none, or no split can be told."""
    name = text_column(schema)
    if name is None or tables.tokens is None or tables.splits is None or names.CHARACTERS not in tables.rows:
        return None
    used = np.flatnonzero(tables.rows[names.CHARACTERS].notna() & pd.notna(tables.splits))
    if not len(used):
        return None
    lengths = lengths_of(rows[name].iloc[used])
    return TextSummary(
        column=name,
        texts=len(used),
        min=int(lengths.min()),
        median=significant(float(np.median(lengths))),
        mean=significant(float(lengths.mean())),
        max=int(lengths.max()),
        histogram=tuple(np.histogram(np.minimum(lengths, np.quantile(lengths, 0.99)), bins=BINS)[0].tolist()),
        characters=len(set().union(*map(set, rows[name].iloc[used]))),
        tokens="words" if tables.tokens.words else "characters",
        vocabulary=tables.tokens.distinct(),
        unknown={split: significant(share) for split, share in tables.tokens.unknown().items()},
        top=_top(tables.tokens),
        examples=_examples(rows, schema, name, tables.splits, used, lengths),
    )


def _top(tokens: Tokens) -> dict[str, int]:
    ordered = sorted(tokens.counts["train"].items(), key=lambda item: (-item[1], item[0]))
    return dict(ordered[:TOP])


def _examples(
    rows: pd.DataFrame, schema: SchemaConfig, name: str, splits: np.ndarray, used: np.ndarray, lengths: np.ndarray
) -> tuple[Example, ...]:
    ordered = used[np.argsort(lengths, kind="stable")]
    spread = used[np.linspace(0, len(used) - 1, min(SPREAD, len(used))).astype(np.int64)]
    picked: dict[int, str] = {}
    for kind, found in (("longest", ordered[::-1][:LONGEST]), ("in between", spread), ("shortest", ordered[:SHORTEST])):
        for row in found:
            picked.setdefault(int(row), kind)
    target = None if schema.target_is_text or schema.target not in rows else rows[schema.target]
    return tuple(
        Example(
            row=row,
            kind=kind,
            split=str(splits[row]),
            target="" if target is None else str(target.iloc[row]),
            characters=len(text := rows[name].iloc[row].strip()),
            text=cut(text, SHOWN),
        )
        for row, kind in picked.items()
    )
