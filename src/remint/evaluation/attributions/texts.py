"""Texts: which tokens speak for what is predicted."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from remint.config.specs import BEGIN, END, PADDING, UNKNOWN, InputSpec, OutputSpec, TextSpec, TokensSpec
from remint.evaluation.attributions.chosen import answer, labels, rounded, shown_rows
from remint.evaluation.attributions.outputs import Attributed, explained, integrated_gradients, missed_share, scores
from remint.evaluation.looks import TextReader
from remint.evaluation.scored import Scored

WORST, EVEN = 4, 4
"Texts that are shown: of the largest loss, and evenly chosen."
SHOWN, PROMPT = 60, 24
"Tokens of a text that are shown at most, and of a prompt."
STEPS = 64
"Between the mean embedding and a token's own."
METHOD = "integrated gradients of the token embeddings, from the mean of all tokens' (Sundararajan et al. 2017)"

Hook = Callable[[nn.Module, tuple[Tensor, ...], Tensor], Tensor | None]
"What is called with a layer, what it takes and what it gives; what it returns stands in for that."


def token_attributions(network: nn.Module, scored: Scored, reader: TextReader | None) -> dict[str, Any]:
    """Give texts, each with `tokens` and their `attributions`: positive where one speaks for what is predicted.

    The token that begins a text and the one that ends it stay what they are, and so have none. Of a long text the first
    tokens are shown, and `rest` is the sum of the others'. A language model is asked for the token that follows a
    prompt: the beginning of a text. `missed` is the share of the scores' differences that attributions do not sum up
    to.
    """
    worst, even = shown_rows(scored, WORST, EVEN)
    found = [_text(network, scored, int(i), reader) for i in (*worst, *even)]
    texts = [text for text, _ in found]
    return {
        "kind": "tokens",
        "method": METHOD,
        "of": explained(scored.spec.outputs),
        "missed": rounded(missed_share([attributed for _, attributed in found])),
        "worst": texts[: len(worst)],
        "examples": texts[len(worst) :],
    }


def attribute_tokens(
    network: nn.Module, ids: np.ndarray, label: int, kept: np.ndarray, outputs: OutputSpec
) -> tuple[np.ndarray, Attributed]:
    """Give the attribution of each token of a text (float64, L), summed over its embeddings, and how exact they are.

    `kept` (bool, L) marks the tokens that stay what they are; `label` is the class or token to explain.
    """
    tokens = torch.from_numpy(ids.astype(np.int64))[None]
    embeddings = _fed_by_tokens(network, tokens)
    own = tuple(vectors for _, vectors in embeddings)
    stays = torch.from_numpy(kept)[None, :, None]
    means = tuple(torch.where(stays, vectors, layer.weight.detach().mean(dim=0)) for layer, vectors in embeddings)

    def score(*given: Tensor) -> Tensor:
        *vectors, labels = given
        with _hooks((layer, _giving(tensor)) for (layer, _), tensor in zip(embeddings, vectors, strict=True)):
            return scores(network({"tokens": tokens.expand(len(labels), -1)}), labels, outputs)

    attributed = integrated_gradients(score, own, means, torch.tensor([label]), STEPS)
    total = torch.stack([part.double().sum(dim=2) for part in attributed.parts]).sum(dim=0)
    return total[0].numpy(), attributed


def _text(network: nn.Module, scored: Scored, i: int, reader: TextReader | None) -> tuple[dict[str, Any], Attributed]:
    start, end = scored.arrays["offsets"][i : i + 2]
    ids, outputs = np.asarray(scored.arrays["tokens"][start:end]), scored.spec.outputs
    names = [f"#{token}" for token in ids] if reader is None else reader.tokens_of(_raw(scored, i, reader))
    kept, told = np.zeros(len(ids), dtype=bool), answer(scored, i)
    kept[[0, -1]] = True
    label = int(labels(scored, np.array([i]))[0])
    if isinstance(outputs, TokensSpec):
        size = _prompt(scored.spec.inputs, len(ids))
        following, ids, kept = int(ids[size]), ids[:size], kept[:size]
        label, probability = _likeliest(network, ids)
        told |= {"target": names[size], "prediction": _name(label, following, names[size], reader)}
        told["probability"] = rounded(probability)
    values, attributed = attribute_tokens(network, ids, label, kept, outputs)
    shown = {"attributions": [rounded(value) for value in values[:SHOWN]], "rest": rounded(values[SHOWN:].sum())}
    return {**told, "tokens": names[: min(SHOWN, len(ids))], **shown}, attributed


def _prompt(inputs: InputSpec, size: int) -> int:
    """Give the number of tokens of a prompt, out of a text that has two or more."""
    assert isinstance(inputs, TextSpec)
    return max(min(PROMPT, size - 1, inputs.length), 1)


def _likeliest(network: nn.Module, ids: np.ndarray) -> tuple[int, float]:
    """Give the likeliest next token and its probability; never padding, unknown or begin."""
    with torch.inference_mode():
        logits = network({"tokens": torch.from_numpy(ids.astype(np.int64))[None]})[0, -1].double()
    shares = logits.softmax(dim=0)
    shares[[PADDING, UNKNOWN, BEGIN]] = 0.0
    label = int(shares.argmax())
    return label, float(shares[label])


def _name(token: int, following: int, named: str, reader: TextReader | None) -> str:
    if token == following:
        return named
    if token == END:
        return "[END]"
    return f"#{token}" if reader is None else reader.decode([token])


def _raw(scored: Scored, i: int, reader: TextReader) -> str:
    return str(scored.rows[reader.column].iloc[i])


def _fed_by_tokens(network: nn.Module, tokens: Tensor) -> list[tuple[nn.Embedding, Tensor]]:
    """Give the embeddings that a network looks each token up in, alone or with others, with what they give (1×L×width).

    They are those whose input changes with the tokens; an embedding of places is none.
    """
    here, there = _looked_up(network, tokens), _looked_up(network, torch.where(tokens > 1, tokens - 1, tokens + 1))
    changed = [
        layer for layer, (ids, _) in here.items() if ids.shape == tokens.shape and (ids != there[layer][0]).any()
    ]
    return [(layer, here[layer][1]) for layer in changed]


def _looked_up(network: nn.Module, tokens: Tensor) -> dict[nn.Embedding, tuple[Tensor, Tensor]]:
    """Run a network, and give what its embeddings take and give."""
    found: dict[nn.Embedding, tuple[Tensor, Tensor]] = {}

    def record(layer: nn.Module, taken: tuple[Tensor, ...], given: Tensor) -> None:
        assert isinstance(layer, nn.Embedding)
        found[layer] = taken[0], given

    layers = [layer for layer in network.modules() if isinstance(layer, nn.Embedding)]
    with _hooks((layer, record) for layer in layers), torch.no_grad():
        network({"tokens": tokens})
    return found


def _giving(vectors: Tensor) -> Hook:
    return lambda _layer, _taken, _given: vectors


@contextmanager
def _hooks(hooks: Iterable[tuple[nn.Module, Hook]]) -> Iterator[None]:
    """Have hooks called after their layers; none is left behind."""
    handles = [layer.register_forward_hook(hook) for layer, hook in hooks]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()
