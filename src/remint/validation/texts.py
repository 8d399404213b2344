"""What is expected of texts, and what it is checked on."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

import numpy as np
import pandas as pd

from remint.config.dataset import SchemaConfig, TextExpectations
from remint.preprocessing.split import SPLITS
from remint.validation import names, words
from remint.validation.expectation import Expectation, between, flag
from remint.validation.values import flags

_WORD = re.compile(r"\w+|[^\w\s]")
_FEW_SPACES = 0.05
"Share of spaces among the characters of texts below which they are written without; English has three times as many."


def text_column(schema: SchemaConfig) -> str | None:
    """Name the text that the model reads, as `SchemaConfig.text` tells. None where there is none."""
    return schema.text


def text_expectations(column: str, texts: TextExpectations) -> Iterator[Expectation]:
    """Give what is expected of the texts: their length, and how much of val and test train does not know."""
    key, allowed = "expectations.texts", words.counted(words.numbers(texts.min, texts.max), "character")
    share = f"at most {words.percent(texts.beyond)} of texts do not have" if texts.beyond else "every text has"
    yield flag(
        f"{share} {allowed}",
        f"{key}.max" if texts.max is not None else f"{key}.min",
        names.FITS_LENGTH,
        tolerance=texts.beyond,
        allowed=f"{allowed}, but for {words.percent(texts.beyond)}" if texts.beyond else allowed,
        subject=column,
        shows=(names.CHARACTERS, column),
    )
    for split in ("test", "val"):
        if texts.unknown is not None:
            limit = f"at most {words.percent(texts.unknown)}"
            yield between(
                f"{limit} of {split} tokens are unseen in train",
                f"{key}.unknown",
                names.unknown(split),
                None,
                texts.unknown,
                allowed=limit,
                table="facts",
                subject=column,
                shows=(names.unknown(split),),
            )


def text_columns(column: "pd.Series[Any]", used: np.ndarray, texts: TextExpectations) -> dict[str, Any]:
    """Measure each text in characters, and tell whether its length fits; missing texts and unused rows count not."""
    present = used & column.notna().to_numpy()
    lengths = lengths_of(column)
    fits = (lengths >= texts.min) & (lengths <= (np.inf if texts.max is None else texts.max))
    return {names.CHARACTERS: np.where(present, lengths, np.nan), names.FITS_LENGTH: flags(fits, present)}


def lengths_of(column: "pd.Series[Any]") -> np.ndarray:
    """Count the characters of each value (int64, N), white space at both ends left out; 0 where there is no text."""
    return np.fromiter((len(v.strip()) if isinstance(v, str) else 0 for v in column), np.int64, len(column))


@dataclass(frozen=True)
class Tokens:
    """How often each split holds each token: words and punctuation marks, or characters that are no white space."""

    words: bool
    "Whether tokens are words; texts with few spaces in them, such as Chinese ones, are counted by characters."
    counts: dict[str, "Counter[str]"]

    def unknown(self) -> dict[str, float]:
        """Give for val and test the share of tokens that train does not hold; none for a split without tokens."""
        known = self.counts["train"]
        return {
            split: sum(n for token, n in self.counts[split].items() if token not in known) / total
            for split in ("val", "test")
            if (total := self.counts[split].total())
        }

    def distinct(self) -> int:
        """Count the different tokens of all splits."""
        return len(set().union(*self.counts.values()))


def tokens_of(column: "pd.Series[Any]", splits: np.ndarray) -> Tokens:
    """Count the tokens of each split (text, N)."""
    texts = {split: [v for v in column[splits == split] if isinstance(v, str)] for split in SPLITS}
    spaces, characters = (sum(map(size, chain(*texts.values()))) for size in (lambda text: text.count(" "), len))
    by_words = spaces >= _FEW_SPACES * characters
    return Tokens(by_words, {split: _words(part) if by_words else _characters(part) for split, part in texts.items()})


def _words(texts: Sequence[str]) -> "Counter[str]":
    return Counter(token for text in texts for token in _WORD.findall(text))


def _characters(texts: Sequence[str]) -> "Counter[str]":
    return Counter({token: n for token, n in Counter("".join(texts)).items() if not token.isspace()})
