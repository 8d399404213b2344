"""The Transformer encoder for text classification."""

from typing import Literal

import torch
from pydantic import NonNegativeInt
from torch import Tensor, nn

from remint.config.specs import ClassesSpec, InputSpec, OutputSpec, TextSpec
from remint.errors import ConfigError
from remint.models.attention import AttentionConfig, sinusoids
from remint.models.base import initialise
from remint.models.sequences import (
    Bigrams,
    Pooling,
    Share,
    check_word_dropout,
    drop_words,
    pool,
    pooled_width,
    token_mask,
)


class TransformerConfig(AttentionConfig):
    """Token embeddings and positions, Transformer blocks, pooling over the text, a linear output.

    Dropout of the embeddings, in every block before each sum, and before the output; of a block's attention weights
    there is none, since torch's fused kernel has none on a CPU. Initialisation `default`: as GPT-2.
    """

    family: Literal["transformer"]
    positions: Literal["sinusoidal", "learned", "none"] = "sinusoidal"
    "What tells a token's place. With `none` a text is a bag of words that attend to each other."
    pooling: Pooling = "mean"
    "How a text's tokens become one vector."
    word_dropout: Share = 0.0
    "Share of tokens replaced by the unknown one while training."
    bigrams: NonNegativeInt = 0
    "Buckets to which pairs of neighbouring tokens are hashed, whose embeddings join those of the tokens; 0: none."

    def build(self, inputs: InputSpec, outputs: OutputSpec) -> nn.Module:
        """Build the network.

        Raises ConfigError for inputs that are no texts, a target that is no class, or words to drop from texts of a
        pretrained tokenizer.
        """
        if not isinstance(inputs, TextSpec) or not isinstance(outputs, ClassesSpec):
            raise ConfigError(
                f'model.family "transformer" classifies texts; found inputs {inputs.modality}, target {outputs.kind}'
            )
        check_word_dropout(self.word_dropout, inputs)
        return Transformer(self, inputs, outputs.size)


class Transformer(nn.Module):
    """See `TransformerConfig`. Takes `tokens` (int64, B×L, right-padded), gives B×size."""

    places: Tensor | None

    def __init__(self, config: TransformerConfig, inputs: TextSpec, size: int) -> None:
        super().__init__()
        self.pooling, self.word_dropout = config.pooling, config.word_dropout
        self.tokens = nn.Embedding(inputs.vocabulary, config.width)
        self.positions = nn.Embedding(inputs.length, config.width) if config.positions == "learned" else None
        self.bigrams = Bigrams(config.bigrams, config.width) if config.bigrams else None
        # As large as the embeddings: at their full size they would outweigh them for long.
        places = sinusoids(inputs.length, config.width) * (0.02 * 2**0.5) if config.positions == "sinusoidal" else None
        self.register_buffer("places", places, persistent=False)
        self.dropout = nn.Dropout(config.dropout)
        self.blocks = config.blocks()
        self.output = nn.Linear(pooled_width(config.width, config.pooling), size)
        initialise(self, "normal" if config.initialisation == "default" else config.initialisation)
        self.blocks.initialise(config.initialisation)

    def forward(self, batch: dict[str, Tensor]) -> Tensor:
        """Give the logits, B×size."""
        tokens = batch["tokens"]
        mask = token_mask(tokens)
        x = self.blocks(self._embedded(tokens), mask)
        logits: Tensor = self.output(self.dropout(pool(x, mask, self.pooling)))
        return logits

    @torch.no_grad()
    def attention(self, batch: dict[str, Tensor]) -> Tensor:
        """Give the attention weights, B×layers×heads×L×L; each row sums to 1 over the keys that are no padding."""
        tokens = batch["tokens"]
        return self.blocks.weights(self._embedded(tokens), token_mask(tokens))

    def _embedded(self, tokens: Tensor) -> Tensor:
        tokens = drop_words(tokens, self.word_dropout if self.training else 0.0)
        x: Tensor = self.tokens(tokens)
        if self.bigrams is not None:
            x = x + self.bigrams(tokens)
        if self.positions is not None:
            x = x + self.positions.weight[: tokens.shape[1]]
        elif self.places is not None:
            x = x + self.places[: tokens.shape[1]]
        dropped: Tensor = self.dropout(x)
        return dropped
