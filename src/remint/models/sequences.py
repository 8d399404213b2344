"""What families for sequences share: words left out while training, and from many positions to one vector."""

from typing import Annotated, Literal

import torch
from pydantic import Field
from torch import Tensor, nn

from remint.config.specs import END, PADDING, UNKNOWN, TextSpec
from remint.errors import ConfigError

Pooling = Literal["first", "last", "mean", "max", "mean-max"]
"How a sequence becomes one vector: one position's, or the mean, the maximum or both over all that are no padding."
_HASH = 1_000_003
"A prime, so that pairs spread over the buckets."
Share = Annotated[float, Field(ge=0, lt=1)]


def drop_words(tokens: Tensor, share: float) -> Tensor:
    """Replace a random share of the tokens (int64, B×L) by UNKNOWN; padding, begin and end stay.

    Makes a text classifier rest on many words and teaches it what UNKNOWN means (Iyyer et al. 2015, word dropout).
    """
    if share == 0:
        return tokens
    dropped = (torch.rand(tokens.shape, device=tokens.device) < share) & (tokens > END)
    return tokens.masked_fill(dropped, UNKNOWN)


def check_word_dropout(share: float, inputs: TextSpec) -> None:
    """Raise ConfigError where words are to be dropped from texts whose tokenizer has other ids of special tokens."""
    if share and inputs.pretrained is not None:
        raise ConfigError(
            f"model.word_dropout is {share:g}, and the dataset's preprocessing.tokenizer is pretrained, whose ids of "
            f"special tokens are its own; allowed: 0, or a tokenizer that is fitted (words, characters, subwords)"
        )


class Bigrams(nn.Module):
    """Embeddings of pairs of neighbouring tokens, hashed to a number of buckets (Joulin et al. 2017).

    Takes `tokens` (int64, B×L), gives B×L×width: at each place that of its token and the one before.
    """

    def __init__(self, buckets: int, width: int) -> None:
        super().__init__()
        self.embedding = nn.Embedding(buckets, width)

    def forward(self, tokens: Tensor) -> Tensor:
        """Give the embeddings, B×L×width."""
        before = nn.functional.pad(tokens[:, :-1], (1, 0))
        found: Tensor = self.embedding((before * _HASH + tokens) % self.embedding.num_embeddings)
        return found


def token_mask(tokens: Tensor) -> Tensor:
    """Tell which tokens are no padding: bool, B×L."""
    return tokens != PADDING


def pool(x: Tensor, mask: Tensor, pooling: Pooling) -> Tensor:
    """Turn B×L×width into B×width, B×2·width for `mean-max`; `mask` (bool, B×L) is true up to each sequence's end."""
    if pooling == "first":
        return x[:, 0]
    if pooling == "last":
        return x[torch.arange(len(x), device=x.device), mask.sum(dim=1) - 1]
    if pooling == "mean":
        return (x * mask[:, :, None]).sum(dim=1) / mask.sum(dim=1, keepdim=True)
    if pooling == "max":
        return x.masked_fill(~mask[:, :, None], -torch.inf).max(dim=1).values
    return torch.cat([pool(x, mask, "mean"), pool(x, mask, "max")], dim=1)


def pooled_width(width: int, pooling: Pooling) -> int:
    """Give the width of what `pool` gives."""
    return 2 * width if pooling == "mean-max" else width
