"""Prepared datasets of raw texts, as baselines and samples read them."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from remint.config.specs import BEGIN, END, ClassesSpec, DataSpec, TextSpec, TokensSpec
from remint.data.prepared import Prepared
from remint.files import write_json
from tests.prepared import write_prepared

LETTERS = "abcdefghijklmnopqrst 好坏"


class Reader:
    """A character tokenizer of few characters."""

    column = "text"

    def tokens_of(self, text: str) -> list[str]:
        """Give its characters between the special tokens."""
        return ["[BEGIN]", *text, "[END]"]

    def decode(self, tokens: Sequence[int]) -> str:
        """Leave out the special tokens."""
        return "".join(LETTERS[token - 4] for token in tokens if token >= 4)


def prepared_texts(folder: Path, train: Sequence[str], test: Sequence[str], classes: Sequence[str] = ()) -> Prepared:
    """Give texts; with `classes`, a text's class is the one whose name it holds, else there is none."""
    inputs = TextSpec(vocabulary=len(LETTERS) + 4, length=64)
    outputs = ClassesSpec(classes=tuple(classes)) if classes else TokensSpec(vocabulary=inputs.vocabulary)
    splits = {name: _arrays(texts, classes) for name, texts in (("train", train), ("test", test))}
    prepared = write_prepared(folder, DataSpec(inputs=inputs, outputs=outputs), splits)
    rows = pd.read_parquet(folder / "rows.parquet").assign(text=[*train, *test])
    rows.to_parquet(folder / "rows.parquet", index=False)
    write_json(folder / "preprocessor.json", {"column": "text"})
    return prepared


def _arrays(texts: Sequence[str], classes: Sequence[str]) -> dict[str, np.ndarray]:
    ids = [[BEGIN, *(LETTERS.index(character) + 4 for character in text), END] for text in texts]
    arrays = {
        "tokens": np.array([token for text in ids for token in text], dtype=np.int32),
        "offsets": np.cumsum([0, *map(len, ids)]),
        "characters": np.array([len(text) + 1 for text in texts]),
    }
    if classes:
        arrays["target"] = np.array([next(i for i, name in enumerate(classes) if name in text) for text in texts])
    return arrays
