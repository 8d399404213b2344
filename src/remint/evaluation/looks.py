"""One row as a person can look at it: its text or columns, what a network attends to, and how it goes on."""

from collections.abc import Iterable, Mapping
from typing import Any, Protocol

import numpy as np
import pandas as pd
import torch
from torch import nn

from remint.config.specs import END
from remint.determinism import deterministic
from remint.evaluation.tables import evenly

CHARACTERS = 300
"Of a text that is shown, at most."
ATTENDED, LONGEST, TYPICAL = 3, 40, 16
"Texts whose attention is shown, and their tokens: at most, and about."
PROMPTS, PROMPT, NEW = 4, 24, 160
"Texts that are continued; tokens of a prompt at most, and of a continuation."
THREADS = 1
"Of one operation: a token at a time is too little for two, which on a busy machine wait for each other."
TEMPERATURE, SEED = 0.8, 0
"Of the draws."


class TextReader(Protocol):
    """What is needed of a text's preprocessor."""

    @property
    def column(self) -> str:
        """Name of the raw column of texts."""

    def tokens_of(self, text: str) -> list[str]:
        """Give the tokens of a text as people read them."""

    def decode(self, tokens: Iterable[int]) -> str:
        """Give the text of token ids."""


def text(value: Any) -> str:
    """Give the beginning of a text."""
    whole = str(value)
    return whole if len(whole) <= CHARACTERS else f"{whole[: CHARACTERS - 1]}…"


def raw_columns(rows: pd.DataFrame, i: int) -> dict[str, Any]:
    """Give a raw row as JSON, a missing value as None."""
    found = {str(name): rows[name].iloc[i] for name in rows.columns if name not in ("row", "split")}
    return {name: _plain(value) for name, value in found.items()}


def attention(
    network: nn.Module, length: int, arrays: Mapping[str, np.ndarray], rows: pd.DataFrame, reader: TextReader
) -> list[dict[str, Any]]:
    """Give what the last layer of a network attends to in a few short texts.

    `length` is the most tokens that it takes. Each text has its `row`, `tokens` (L), `heads` (H×L×L: who looks, at
    whom) and `mean`, that of the heads (L×L).
    """
    lengths = np.diff(arrays["offsets"])
    found = []
    for i in np.sort(np.argsort(np.abs(lengths - TYPICAL), kind="stable")[:ATTENDED]):
        start = arrays["offsets"][i]
        ids = torch.from_numpy(arrays["tokens"][start : start + min(lengths[i], LONGEST, length)].astype(np.int64))
        with deterministic(THREADS), torch.inference_mode():
            heads = network.attention({"tokens": ids[None]})[0, -1].double().numpy()  # type: ignore[operator]
        tokens = reader.tokens_of(str(rows[reader.column].iloc[i]))[: len(ids)]
        shares = {"heads": heads.round(4).tolist(), "mean": heads.mean(axis=0).round(4).tolist()}
        found.append({"row": int(rows["row"].iloc[i]), "tokens": tokens, **shares})
    return found


def continuations(
    network: nn.Module, length: int, arrays: Mapping[str, np.ndarray], rows: pd.DataFrame, reader: TextReader
) -> dict[str, Any]:
    """Give the beginnings of a few texts, each with how the network goes on: `prompt`, `continuation`, `ended`.

    `length` is the most tokens that it takes.
    """
    lengths = np.diff(arrays["offsets"])
    long_enough = np.flatnonzero(lengths >= np.median(lengths))
    generator = torch.Generator().manual_seed(SEED)
    found = []
    for i in long_enough[evenly(len(long_enough), PROMPTS)]:
        start = arrays["offsets"][i]
        size = min(PROMPT, lengths[i] // 2, length - 1)
        prompt = torch.from_numpy(arrays["tokens"][start : start + max(size, 1)].astype(np.int64))
        with deterministic(THREADS), torch.inference_mode():
            tokens = network.generate(prompt[None], NEW, TEMPERATURE, None, generator)[0].tolist()  # type: ignore[operator]
        new = tokens[len(prompt) :]
        shown = {"prompt": reader.decode(tokens[: len(prompt)]), "continuation": reader.decode(new)}
        found.append({"row": int(rows["row"].iloc[i]), **shown, "ended": END in new})
    return {"temperature": TEMPERATURE, "texts": found}


def _plain(value: Any) -> Any:
    if value is None or value is pd.NA or value != value:
        return None
    if isinstance(value, np.generic):
        value = value.item()
    return value if isinstance(value, str | int | float | bool) else str(value)
