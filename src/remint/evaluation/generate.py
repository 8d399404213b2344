"""Text that a language model writes."""

from typing import Any, Protocol

import torch
from torch import Tensor, nn

from remint.config.specs import BEGIN, END
from remint.determinism import deterministic
from remint.seeds import derive_seed

NEW_TOKENS = 64
TEMPERATURE = 0.8
TOP_K = 50
THREADS = 1
"Of one operation: a single token is too little work for two."


class Vocabulary(Protocol):
    """What turns texts into token ids and back."""

    @property
    def tokenizer(self) -> Any:
        """A Hugging Face tokenizer."""

    def decode(self, tokens: list[int]) -> str:
        """Give the text of token ids."""


def continuation(network: nn.Module, vocabulary: Vocabulary, text: str, new: int = NEW_TOKENS) -> str:
    """Give how a language model goes on after a text: at most `new` tokens, sampled; the same for the same text.

    Temperature 0.8, out of the 50 likeliest tokens at a time (Fan et al. 2018).
    """
    ids = [token for token in vocabulary.tokenizer.encode(text).ids if token not in (BEGIN, END)]
    prompt = torch.tensor([[BEGIN, *ids]])
    generator = torch.Generator().manual_seed(derive_seed(0, "generate"))
    with deterministic(THREADS), torch.inference_mode():
        written: Tensor = network.generate(prompt, new, TEMPERATURE, TOP_K, generator)  # type: ignore[operator]
    return vocabulary.decode([token for token in written[0, prompt.shape[1] :].tolist() if token != END])
