"""Self-attention and the blocks that Transformers are made of (Vaswani et al. 2017; pre-norm: Xiong et al. 2020)."""

import math

import torch
from pydantic import PositiveInt, model_validator
from torch import Tensor, nn
from torch.nn import functional

from remint.models.base import Initialisation, ModelConfig, initialise


class AttentionConfig(ModelConfig):
    """What every family made of Transformer blocks declares."""

    layers: PositiveInt = 2
    "Blocks, each an attention and a feed-forward net."
    heads: PositiveInt = 4
    "Attention heads of a block; they share `width` among them."
    width: PositiveInt = 128
    "Numbers that stand for a token, in every layer."
    feedforward: PositiveInt | None = None
    "Hidden width of a block's feed-forward net; none: 4 × `width`."

    @model_validator(mode="after")
    def _heads_share_the_width(self) -> "AttentionConfig":
        if self.width % self.heads:
            raise ValueError(f"width {self.width} is not divisible by heads {self.heads}; allowed: a multiple of heads")
        return self

    def blocks(self) -> "Blocks":
        """Build the blocks and the normalisation after the last."""
        return Blocks(self.layers, self.width, self.heads, self.feedforward or 4 * self.width, self.dropout)


class SelfAttention(nn.Module):
    """Multi-head self-attention with a linear layer each for queries, keys, values and the output.

    Takes B×L×width; `mask` (bool, B×L) is true where a position may be attended to, with `causal` a position attends
    to none after itself. Give one of them at most: where texts are filled up on the right, no position before the
    padding sees it in a causal network.
    """

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.query, self.key, self.value = nn.Linear(width, width), nn.Linear(width, width), nn.Linear(width, width)
        self.output = nn.Linear(width, width)

    def forward(self, x: Tensor, mask: Tensor | None = None, causal: bool = False) -> Tensor:
        """Give B×L×width."""
        query, key, value = self._split(self.query(x)), self._split(self.key(x)), self._split(self.value(x))
        attended = attend(query, key, value, mask, causal)
        output: Tensor = self.output(attended.transpose(1, 2).flatten(2))
        return output

    def weights(self, x: Tensor, mask: Tensor | None = None, causal: bool = False) -> Tensor:
        """Give softmax(QKᵀ/√d), that `forward` multiplies the values with: B×heads×L×L, a row a query, of sum 1."""
        query, key = self._split(self.query(x)), self._split(self.key(x))
        scores = query @ key.transpose(-2, -1) / math.sqrt(query.shape[-1])
        if mask is not None:
            scores = scores.masked_fill(~mask[:, None, None, :], -torch.inf)
        if causal:
            future = torch.ones(scores.shape[-2:], dtype=torch.bool, device=x.device).triu(diagonal=1)
            scores = scores.masked_fill(future, -torch.inf)
        return torch.softmax(scores, dim=-1)

    def _split(self, x: Tensor) -> Tensor:
        """Turn B×L×width into B×heads×L×(width/heads)."""
        return x.view(*x.shape[:-1], self.heads, -1).transpose(1, 2)


def attend(query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None = None, causal: bool = False) -> Tensor:
    """Give softmax(QKᵀ/√d)V by torch's fused kernel; all B×heads×L×d, `mask` bool B×L of the keys.

    In float32 under bf16, too: on a CPU that kernel with its gradient is 1.2 to 3 × quicker so, casts included.
    """
    dtype = torch.promote_types(query.dtype, torch.float32)
    with torch.autocast(query.device.type, enabled=False):
        return functional.scaled_dot_product_attention(
            query.to(dtype),
            key.to(dtype),
            value.to(dtype),
            attn_mask=None if mask is None else mask[:, None, None, :],
            is_causal=causal,
        )


class Block(nn.Module):
    """x + attention(norm(x)), then x + feedforward(norm(x)) with GELU; dropout before each sum, as in the original."""

    def __init__(self, width: int, heads: int, feedforward: int, dropout: float) -> None:
        super().__init__()
        self.attention_norm, self.attention = nn.LayerNorm(width), SelfAttention(width, heads)
        self.feedforward_norm = nn.LayerNorm(width)
        self.expand, self.contract = nn.Linear(width, feedforward), nn.Linear(feedforward, width)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor, mask: Tensor | None = None, causal: bool = False) -> Tensor:
        """Give B×L×width."""
        x = x + self.dropout(self.attention(self.attention_norm(x), mask, causal))
        hidden = functional.gelu(self.expand(self.feedforward_norm(x)))
        result: Tensor = x + self.dropout(self.contract(hidden))
        return result

    def weights(self, x: Tensor, mask: Tensor | None = None, causal: bool = False) -> Tensor:
        """Give the attention weights, B×heads×L×L."""
        return self.attention.weights(self.attention_norm(x), mask, causal)


class Blocks(nn.Module):
    """Blocks one after the other, then a LayerNorm. `mask` and `causal` as in `SelfAttention`."""

    def __init__(self, layers: int, width: int, heads: int, feedforward: int, dropout: float) -> None:
        super().__init__()
        self.layers = nn.ModuleList(Block(width, heads, feedforward, dropout) for _ in range(layers))
        self.norm = nn.LayerNorm(width)

    def forward(self, x: Tensor, mask: Tensor | None = None, causal: bool = False) -> Tensor:
        """Give B×L×width."""
        for block in self.layers:
            x = block(x, mask, causal)
        normalised: Tensor = self.norm(x)
        return normalised

    def weights(self, x: Tensor, mask: Tensor | None = None, causal: bool = False) -> Tensor:
        """Give the attention weights of all blocks, B×layers×heads×L×L."""
        found = []
        for block in self.layers:
            assert isinstance(block, Block)
            found.append(block.weights(x, mask, causal))
            x = block(x, mask, causal)
        return torch.stack(found, dim=1)

    def initialise(self, scheme: Initialisation) -> None:
        """Draw the blocks' weights anew as GPT-2 does, or by another scheme than `default`.

        GPT-2 (Radford et al. 2019): standard deviation 0.02, and 1/√(2·layers) of it for the layers that add to the sum
        which runs through all blocks, so that its variance does not grow with their number.
        """
        initialise(self, "normal" if scheme == "default" else scheme)
        if scheme == "default":
            factor = 1 / math.sqrt(2 * len(self.layers))
            with torch.no_grad():
                for name, weight in self.named_parameters():
                    if name.endswith(("attention.output.weight", "contract.weight")):
                        weight.mul_(factor)


def sinusoids(length: int, width: int) -> Tensor:
    """Give sines and cosines of each position (Vaswani et al. 2017, section 3.5), float32, length×width."""
    position = torch.arange(length, dtype=torch.float64)[:, None]
    channel = torch.arange(width)
    angle = position / 10_000 ** ((channel - channel % 2).to(torch.float64) / width)
    return torch.where(channel % 2 == 0, angle.sin(), angle.cos()).to(torch.float32)
