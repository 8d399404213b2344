"""The decoder-only Transformer for next-token prediction (GPT-2: Radford et al. 2019)."""

from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

from remint.config.specs import BEGIN, END, PADDING, UNKNOWN, InputSpec, OutputSpec, TextSpec, TokensSpec
from remint.errors import ConfigError
from remint.models.attention import AttentionConfig
from remint.models.base import initialise


class GPTConfig(AttentionConfig):
    """Token embeddings and learned positions, causal Transformer blocks, a linear layer over the vocabulary.

    Dropout of the embeddings and in every block before each sum. Initialisation `default`: as GPT-2.
    """

    family: Literal["gpt"]
    tied: bool = True
    "The output layer's weights are the token embeddings (Press and Wolf 2017)."

    def build(self, inputs: InputSpec, outputs: OutputSpec) -> nn.Module:
        """Build the network.

        Raises ConfigError for other than texts whose next tokens are to be told, and for a pretrained tokenizer, whose
        texts do not end with END.
        """
        if not isinstance(inputs, TextSpec) or not isinstance(outputs, TokensSpec):
            raise ConfigError(
                f'model.family "gpt" predicts texts; found inputs {inputs.modality}, target {outputs.kind}'
            )
        if inputs.pretrained is not None:
            raise ConfigError(
                'model.family "gpt" takes tokens of a tokenizer that is fitted; found preprocessing.tokenizer '
                '"pretrained"; allowed: "characters", "subwords"'
            )
        return GPT(self, inputs, outputs.size)


class GPT(nn.Module):
    """See `GPTConfig`. Takes `tokens` (int64, B×L, right-padded), gives B×L×vocabulary: logits of what follows each."""

    def __init__(self, config: GPTConfig, inputs: TextSpec, size: int) -> None:
        super().__init__()
        self.tokens = nn.Embedding(inputs.vocabulary, config.width)
        self.positions = nn.Embedding(inputs.length, config.width)
        self.dropout = nn.Dropout(config.dropout)
        self.blocks = config.blocks()
        self.output = None if config.tied else nn.Linear(config.width, size, bias=False)
        initialise(self, "normal" if config.initialisation == "default" else config.initialisation)
        self.blocks.initialise(config.initialisation)

    def forward(self, batch: dict[str, Tensor]) -> Tensor:
        """Give the logits, B×L×vocabulary."""
        return self._logits(self.blocks(self._embedded(batch["tokens"]), causal=True))

    @torch.no_grad()
    def attention(self, batch: dict[str, Tensor]) -> Tensor:
        """Give the attention weights, B×layers×heads×L×L; a row sums to 1 over its token and those before."""
        return self.blocks.weights(self._embedded(batch["tokens"]), causal=True)

    @torch.no_grad()
    def generate(
        self, tokens: Tensor, new: int, temperature: float, top_k: int | None, generator: torch.Generator
    ) -> Tensor:
        """Continue `tokens` (int64, 1×L, without END) by up to `new` tokens; give all, END the last if it was drawn.

        `temperature` divides the logits, 0 takes the likeliest token; of `top_k` likeliest tokens alone one is drawn.
        Sees the last `inputs.length` tokens; never draws padding, unknown or begin. Call it in evaluation mode.
        """
        for _ in range(new):
            context = tokens[:, -self.positions.num_embeddings :]
            last = self.blocks(self._embedded(context), causal=True)[:, -1]
            token = _draw(self._logits(last).float(), temperature, top_k, generator)
            tokens = torch.cat([tokens, token], dim=1)
            if int(token) == END:
                break
        return tokens

    def _embedded(self, tokens: Tensor) -> Tensor:
        x: Tensor = self.dropout(self.tokens(tokens) + self.positions.weight[: tokens.shape[1]])
        return x

    def _logits(self, x: Tensor) -> Tensor:
        return functional.linear(x, self.tokens.weight if self.output is None else self.output.weight)


def _draw(logits: Tensor, temperature: float, top_k: int | None, generator: torch.Generator) -> Tensor:
    """Draw a token, 1×1, from logits, 1×vocabulary."""
    logits = logits.clone()
    logits[:, [PADDING, UNKNOWN, BEGIN]] = -torch.inf
    if temperature == 0:
        return logits.argmax(dim=-1, keepdim=True)
    if top_k is not None and top_k < logits.shape[-1]:
        lowest = logits.topk(top_k).values[:, -1:]
        logits = logits.masked_fill(logits < lowest, -torch.inf)
    return torch.multinomial(torch.softmax(logits / temperature, dim=-1), 1, generator=generator)
