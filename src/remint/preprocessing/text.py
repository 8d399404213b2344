"""Texts: token ids by a tokenizer whose state is JSON (Hugging Face `tokenizers`)."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from remint.config.dataset import SchemaConfig
from remint.config.preprocessing import TextPreprocessing
from remint.config.specs import OutputSpec, TextSpec, TokensSpec
from remint.data.raw import RawData
from remint.errors import DataError
from remint.preprocessing.base import Preprocessor
from remint.preprocessing.tokenizers import fit_tokenizer

if TYPE_CHECKING:
    from tokenizers import Tokenizer


@dataclass(frozen=True)
class TextPreprocessor(Preprocessor):
    """See `remint.preprocessing.base.Preprocessor`; takes a DataFrame with the column of texts."""

    column: str
    length: int
    "Most tokens of a text; longer ones are cut at their end, unless `whole`."
    whole: bool
    "Whether texts stay whole, for language modelling."
    tokenizer_json: str
    pretrained: dict[str, Any] | None
    "Configuration of the pretrained model that brought the tokenizer along."

    @property
    def spec(self) -> TextSpec:
        """What `transform` gives."""
        return TextSpec(vocabulary=self.tokenizer.get_vocab_size(), length=self.length, pretrained=self.pretrained)

    @cached_property
    def tokenizer(self) -> "Tokenizer":
        """The tokenizer."""
        from tokenizers import Tokenizer

        tokenizer = Tokenizer.from_str(self.tokenizer_json)
        tokenizer.no_padding()
        if self.whole:
            tokenizer.no_truncation()
        else:
            tokenizer.enable_truncation(self.length)
        return tokenizer

    @property
    def unknown(self) -> int | None:
        """Id of the token that stands for what the tokenizer does not know; None where it has none."""
        found: int | None = self.tokenizer.token_to_id("[UNK]")
        return found

    def transform(self, inputs: pd.DataFrame) -> dict[str, np.ndarray]:
        """Give `tokens` (int32), `offsets` (int64, N+1) and `characters` (int64, N; the end of a text counts as one).

        Raises DataError for a missing column or a value that is no text.
        """
        texts = _texts(inputs, self.column)
        encoded = [encoding.ids for encoding in self.tokenizer.encode_batch_fast(texts)]
        lengths = np.fromiter(map(len, encoded), dtype=np.int64, count=len(encoded))
        tokens = np.fromiter((token for ids in encoded for token in ids), dtype=np.int32, count=int(lengths.sum()))
        characters = np.fromiter((len(text) + 1 for text in texts), dtype=np.int64, count=len(texts))
        return {"tokens": tokens, "offsets": np.concatenate([[0], lengths.cumsum()]), "characters": characters}

    def outputs(self, raw: RawData, train: np.ndarray, schema: SchemaConfig) -> OutputSpec:
        """Describe the target: classes, a number, or the tokens themselves."""
        if schema.target_is_text:
            return TokensSpec(vocabulary=self.spec.vocabulary)
        return super().outputs(raw, train, schema)

    def arrays(
        self, raw: RawData, index: np.ndarray, schema: SchemaConfig, outputs: OutputSpec
    ) -> dict[str, np.ndarray]:
        """Give the arrays of rows, with their target unless that is the text."""
        if isinstance(outputs, TokensSpec):
            return self.transform(raw.rows.iloc[index])
        return super().arrays(raw, index, schema, outputs)

    def tokens_of(self, text: str) -> list[str]:
        """Give the tokens of a text as people read them, those that `transform` gives included."""
        encoding = self.tokenizer.encode(text)
        return [self.decode([token]) or name for token, name in zip(encoding.ids, encoding.tokens, strict=True)]

    def decode(self, tokens: Iterable[int]) -> str:
        """Give the text of token ids, without the special ones."""
        return self.tokenizer.decode(list(tokens), skip_special_tokens=True)

    def state(self) -> dict[str, Any]:
        """Give everything that was fitted, as JSON."""
        return {
            "modality": "text",
            "column": self.column,
            "length": self.length,
            "whole": self.whole,
            "tokenizer": json.loads(self.tokenizer_json),
            "pretrained": self.pretrained,
        }


def fit(raw: RawData, train: np.ndarray, schema: SchemaConfig, options: TextPreprocessing) -> TextPreprocessor:
    """Fit the tokenizer on the rows that the mask `train` marks, or take that of the pretrained model.

    Raises DataError unless the schema has exactly one text for the model to read.
    """
    column = text_column(schema)
    texts = _texts(raw.rows.loc[train], column)
    tokenizer, pretrained = fit_tokenizer(texts, options, raw.pretrained)
    return TextPreprocessor(column, options.length, schema.target_is_text, tokenizer, pretrained)


def load(state: dict[str, Any]) -> TextPreprocessor:
    """Give the preprocessor back from its state."""
    tokenizer = json.dumps(state["tokenizer"], ensure_ascii=False)
    return TextPreprocessor(state["column"], state["length"], state["whole"], tokenizer, state["pretrained"])


def text_column(schema: SchemaConfig) -> str:
    """Name the text that the model reads, as `SchemaConfig.text` tells.

    Raises DataError where there is none.
    """
    if schema.text is None:
        raise DataError(schema.no_text)
    return schema.text


def _texts(rows: pd.DataFrame, column: str) -> list[str]:
    if column not in rows.columns:
        raise DataError(f'column "{column}" is missing; found: {", ".join(map(str, rows.columns))}')
    values = rows[column].tolist()
    for row, value in zip(rows.index, values, strict=True):
        if not isinstance(value, str):
            raise DataError(f'column "{column}", row {row}, is {value!r}; allowed: a text')
    return values
