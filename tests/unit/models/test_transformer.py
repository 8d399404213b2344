import math
import re
from pathlib import Path

import pytest
import torch
from torch import nn
from torch.nn import functional

from remint.config.specs import PADDING, ClassesSpec, DataSpec, TextSpec, TokensSpec
from remint.errors import ConfigError
from remint.models.base import build_network, model_config
from tests.prepared import CLASSES, NUMBER, TABLE
from tests.unit.models import checks

TEXTS = TextSpec(vocabulary=50, length=24)
EIGHT = ClassesSpec(classes=tuple("abcdefgh"))
SMALL = {"family": "transformer", "layers": 2, "width": 16, "heads": 2}
TOKENS = checks.texts([9, 4, 12, 2, 7], 50)
POOLINGS = ["first", "last", "mean", "max", "mean-max"]
POSITIONS = ["sinusoidal", "learned", "none"]


@pytest.mark.parametrize("pooling", POOLINGS)
@pytest.mark.parametrize("positions", POSITIONS)
def test_gives_a_logit_a_class_and_more_padding_changes_none(pooling: str, positions: str):
    network = checks.build({**SMALL, "pooling": pooling, "positions": positions}, TEXTS, EIGHT)
    with torch.no_grad():
        logits = network({"tokens": TOKENS})
        assert logits.shape == (5, 8)
        torch.testing.assert_close(network({"tokens": checks.padded(TOKENS, 12)}), logits, atol=1e-5, rtol=0)
        alone = torch.cat([network({"tokens": row[None, row != PADDING]}) for row in TOKENS])
        torch.testing.assert_close(alone, logits, atol=1e-5, rtol=0)


def test_what_stands_in_the_place_of_padding_changes_nothing():
    network = checks.build(SMALL, TEXTS, EIGHT)
    with torch.no_grad():
        before = network({"tokens": TOKENS})
        network.tokens.weight[PADDING] = 100.0
        torch.testing.assert_close(network({"tokens": TOKENS}), before, atol=1e-5, rtol=0)


@pytest.mark.parametrize("pooling", POOLINGS)
def test_permuting_the_batch_permutes_the_outputs(pooling: str):
    network = checks.build({**SMALL, "pooling": pooling}, TEXTS, EIGHT)
    checks.permuting_the_batch_permutes_the_outputs(network, {"tokens": TOKENS})


def test_the_order_of_words_counts_but_without_positions():
    swapped = TOKENS[:1].clone()
    swapped[0, [2, 5]] = swapped[0, [5, 2]]
    for positions in POSITIONS:
        network = checks.build({**SMALL, "positions": positions}, TEXTS, EIGHT)
        with torch.no_grad():
            difference = (network({"tokens": swapped}) - network({"tokens": TOKENS[:1]})).abs().max().item()
        assert difference < 1e-6 if positions == "none" else difference > 1e-4


def test_the_loss_at_the_start_is_that_of_guessing():
    network = checks.build(
        {"family": "transformer", "pooling": "mean-max"}, TextSpec(vocabulary=9000, length=100), EIGHT
    )
    tokens = checks.texts([20 + 2 * row for row in range(32)], 9000)
    loss = functional.cross_entropy(network({"tokens": tokens}), torch.arange(32) % 8).item()
    assert loss == pytest.approx(math.log(8), abs=0.1)


def test_saved_and_loaded_gives_the_same_bits(tmp_path: Path):
    spec = DataSpec(inputs=TEXTS, outputs=EIGHT)
    checks.loading_gives_the_same_bits(tmp_path, SMALL, spec, "classification", {"tokens": TOKENS})


@pytest.mark.parametrize(
    "options", [{}, {"pooling": "first", "positions": "learned"}, {"dropout": 0.2, "word_dropout": 0.1}]
)
def test_overfits_32_examples(options: dict):
    network = checks.build({**SMALL, **options}, TEXTS, EIGHT)
    batch, target = {"tokens": checks.texts([6 + row % 9 for row in range(32)], 50)}, torch.arange(32) * 5 % 8
    assert checks.training_overfits(network, batch, lambda logits: functional.cross_entropy(logits, target), 100) < 0.05


def test_the_same_seed_gives_the_same_gradients():
    section = {**SMALL, "dropout": 0.3, "word_dropout": 0.3}
    first, second = (checks.one_step(lambda: checks.build(section, TEXTS, EIGHT), {"tokens": TOKENS}) for _ in range(2))
    assert torch.equal(first, second)


def test_attention_has_rows_of_sum_1_over_what_is_no_padding():
    network = checks.build(SMALL, TEXTS, EIGHT)
    weights = network.attention({"tokens": TOKENS})
    assert weights.shape == (5, 2, 2, 12, 12)
    torch.testing.assert_close(weights.sum(-1), torch.ones(5, 2, 2, 12))
    assert (weights.permute(0, 4, 1, 2, 3)[TOKENS == PADDING] == 0).all()
    assert not weights.requires_grad


def test_words_are_dropped_while_training_alone():
    network = checks.build({**SMALL, "word_dropout": 0.5}, TEXTS, EIGHT)
    with torch.no_grad():
        assert torch.equal(network({"tokens": TOKENS}), network({"tokens": TOKENS}))
        network.train()
        assert not torch.equal(network({"tokens": TOKENS}), network({"tokens": TOKENS}))


def test_dropout_is_honoured():
    network = checks.build({**SMALL, "dropout": 0.4}, TEXTS, EIGHT)
    assert {m.p for m in network.modules() if isinstance(m, nn.Dropout)} == {0.4}
    with torch.no_grad():
        assert not torch.equal(network.train()({"tokens": TOKENS}), network({"tokens": TOKENS}))


@pytest.mark.parametrize("positions", POSITIONS)
def test_initialisation_is_small_by_default_and_else_the_one_that_is_asked_for(positions: str):
    section = {"family": "transformer", "positions": positions, "layers": 4, "width": 64}
    network = checks.build(section, TextSpec(vocabulary=500, length=40), EIGHT)
    assert network.tokens.weight.std().item() == pytest.approx(0.02, rel=0.05)
    assert network.blocks.layers[0].expand.weight.std().item() == pytest.approx(0.02, rel=0.05)
    assert network.blocks.layers[0].contract.weight.std().item() == pytest.approx(0.02 / 8**0.5, rel=0.05)
    network = checks.build({**section, "initialisation": "xavier"}, TextSpec(vocabulary=500, length=40), EIGHT)
    assert network.blocks.layers[0].contract.weight.std().item() == pytest.approx((2 / (64 + 256)) ** 0.5, rel=0.05)


@pytest.mark.parametrize(("inputs", "outputs"), [(TABLE, CLASSES), (TEXTS, NUMBER), (TEXTS, TokensSpec(vocabulary=50))])
def test_refuses_what_it_does_not_take(inputs, outputs):
    with pytest.raises(ConfigError, match=f'"transformer" classifies texts; found inputs {inputs.modality}'):
        checks.build(SMALL, inputs, outputs)


def test_words_of_a_pretrained_tokenizer_are_not_dropped():
    inputs = TEXTS.model_copy(update={"pretrained": {"model_type": "bert"}})
    assert checks.build(SMALL, inputs, EIGHT)
    with pytest.raises(
        ConfigError, match=r"model\.word_dropout is 0\.3, and .*tokenizer is pretrained.*; allowed: 0, or"
    ):
        checks.build({**SMALL, "word_dropout": 0.3}, inputs, EIGHT)


def test_heads_must_share_the_width():
    with pytest.raises(ConfigError, match=re.escape("width 16 is not divisible by heads 3")):
        model_config("x", {**SMALL, "heads": 3})


def test_bigrams_tell_the_order_of_neighbours():
    spec = DataSpec(inputs=TextSpec(vocabulary=24, length=16), outputs=ClassesSpec(classes=("a", "b")))
    section = {"family": "transformer", "width": 16, "heads": 2, "layers": 1, "positions": "none"}
    forth, back = ({"tokens": torch.tensor([[2, *words, 3]])} for words in ([5, 6, 7, 8], [8, 7, 6, 5]))
    for buckets, differ in ((0, False), (97, True)):
        network = build_network(model_config("x", {**section, "bigrams": buckets}), spec, 1).eval()
        assert torch.allclose(network(forth), network(back), atol=1e-6) is not differ
