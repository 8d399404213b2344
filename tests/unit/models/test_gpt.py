import math
from pathlib import Path

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from remint.config.specs import BEGIN, END, PADDING, UNKNOWN, DataSpec, TextSpec, TokensSpec
from remint.errors import ConfigError
from tests.prepared import CLASSES, TABLE
from tests.unit.models import checks

TEXTS, NEXT = TextSpec(vocabulary=40, length=16), TokensSpec(vocabulary=40)
SMALL = {"family": "gpt", "layers": 2, "width": 16, "heads": 2}
TOKENS = checks.texts([9, 4, 12, 2, 7], 40)


def _generator() -> torch.Generator:
    return torch.Generator().manual_seed(5)


def _loss(logits: Tensor, target: Tensor) -> Tensor:
    return functional.cross_entropy(logits.flatten(0, 1), target.flatten(), ignore_index=PADDING)


@pytest.mark.parametrize("tied", [True, False])
def test_gives_a_logit_a_token_at_each_place_and_padding_changes_none(tied: bool):
    network = checks.build({**SMALL, "tied": tied}, TEXTS, NEXT)
    with torch.no_grad():
        logits = network({"tokens": TOKENS})
        assert logits.shape == (5, 12, 40)
        more = network({"tokens": checks.padded(TOKENS, 4)})
        torch.testing.assert_close(more[:, :12][TOKENS > 0], logits[TOKENS > 0], atol=1e-5, rtol=0)
        network.tokens.weight[PADDING] += 3.0
        changed = network({"tokens": TOKENS})
        torch.testing.assert_close(changed[TOKENS > 0][:, 1:], logits[TOKENS > 0][:, 1:], atol=1e-5, rtol=0)


def test_a_later_token_changes_no_earlier_output():
    network = checks.build(SMALL, TEXTS, NEXT)
    with torch.no_grad():
        before = network({"tokens": TOKENS[2:3]})
        for place in range(1, 12):
            other = TOKENS[2:3].clone()
            other[:, place:] = END + 1 + (other[:, place:] + 7) % 36
            after = network({"tokens": other})
            torch.testing.assert_close(after[:, :place], before[:, :place], atol=1e-6, rtol=0)
            assert (after[:, place] - before[:, place]).abs().max() > 1e-4


def test_permuting_the_batch_permutes_the_outputs():
    checks.permuting_the_batch_permutes_the_outputs(checks.build(SMALL, TEXTS, NEXT), {"tokens": TOKENS})


@pytest.mark.parametrize("tied", [True, False])
def test_the_loss_at_the_start_is_that_of_guessing(tied: bool):
    section = {"family": "gpt", "layers": 3, "width": 128, "tied": tied}
    network = checks.build(section, TextSpec(vocabulary=2000, length=64), TokensSpec(vocabulary=2000))
    tokens = checks.texts([33] * 16, 2000)
    assert _loss(network({"tokens": tokens[:, :-1]}), tokens[:, 1:]).item() == pytest.approx(math.log(2000), abs=0.1)


def test_initialisation_is_that_of_gpt_2():
    network = checks.build({"family": "gpt", "layers": 8, "width": 64}, TextSpec(vocabulary=500, length=40), NEXT)
    assert network.tokens.weight.std().item() == pytest.approx(0.02, rel=0.05)
    assert network.positions.weight.std().item() == pytest.approx(0.02, rel=0.1)
    for block in network.blocks.layers:
        assert block.attention.query.weight.std().item() == pytest.approx(0.02, rel=0.1)
        assert block.attention.output.weight.std().item() == pytest.approx(0.02 / 4, rel=0.1)
        assert block.contract.weight.std().item() == pytest.approx(0.02 / 4, rel=0.1)
        assert (block.contract.bias == 0).all()


def test_tied_weights_are_saved_once_and_come_back_the_same(tmp_path: Path):
    assert "output.weight" not in checks.build(SMALL, TEXTS, NEXT).state_dict()
    assert checks.build({**SMALL, "tied": False}, TEXTS, NEXT).state_dict()["output.weight"].shape == (40, 16)
    spec = DataSpec(inputs=TEXTS, outputs=NEXT)
    checks.loading_gives_the_same_bits(tmp_path, SMALL, spec, "language_modelling", {"tokens": TOKENS})


@pytest.mark.parametrize("tied", [True, False])
def test_overfits_32_texts(tied: bool):
    network = checks.build({**SMALL, "width": 32, "tied": tied}, TEXTS, NEXT)
    tokens = checks.texts([6 + row % 9 for row in range(32)], 40)
    tokens[:, 1] = torch.arange(4, 36)  # tells the texts apart, so that the rest can be known
    target = tokens[:, 1:].clone()
    target[:, 0] = PADDING
    loss = checks.training_overfits(
        network, {"tokens": tokens[:, :-1]}, lambda logits: _loss(logits, target), steps=120
    )
    assert loss < 0.05


def test_the_same_seed_gives_the_same_gradients():
    first, second = (
        checks.one_step(lambda: checks.build({**SMALL, "dropout": 0.3}, TEXTS, NEXT), {"tokens": TOKENS})
        for _ in range(2)
    )
    assert torch.equal(first, second)


def test_attention_sees_what_came_before_alone():
    weights = checks.build(SMALL, TEXTS, NEXT).attention({"tokens": TOKENS})
    assert weights.shape == (5, 2, 2, 12, 12)
    torch.testing.assert_close(weights.sum(-1), torch.ones(5, 2, 2, 12))
    assert (weights.triu(diagonal=1) == 0).all()


def test_generates_from_the_seed_alone_and_no_special_token():
    network = checks.build(SMALL, TEXTS, NEXT)
    start = torch.tensor([[BEGIN, 7, 9]])
    with torch.no_grad():
        network.tokens.weight[[PADDING, UNKNOWN, BEGIN]] *= 500
    written = network.generate(start, 60, 1.0, None, _generator())
    assert torch.equal(written, network.generate(start, 60, 1.0, None, _generator()))
    assert torch.equal(written[:, :3], start)
    assert not set(written[0, 3:].tolist()) & {PADDING, UNKNOWN, BEGIN}
    assert written.dtype == torch.int64
    # Further than `length`, so that the context was cropped.
    assert 16 < written.shape[1] <= 63 or written[0, -1] == END


def test_generating_stops_at_the_end():
    network = checks.build({**SMALL, "tied": False}, TEXTS, NEXT)
    with torch.no_grad():
        network.blocks.norm.weight.zero_()
        network.blocks.norm.bias.fill_(1.0)
        network.output.weight.zero_()
        network.output.weight[END] = 5.0
    assert network.generate(torch.tensor([[BEGIN, 7]]), 9, 0.0, None, _generator()).tolist() == [[BEGIN, 7, END]]


def test_temperature_0_takes_the_likeliest_as_does_top_1():
    network = checks.build(SMALL, TEXTS, NEXT)
    start = torch.tensor([[BEGIN, 7, 9]])
    greedy = network.generate(start, 10, 0.0, None, _generator())
    assert torch.equal(greedy, network.generate(start, 10, 1.0, 1, _generator()))
    with torch.no_grad():
        logits = network({"tokens": start})[0, -1]
    logits[:3] = -torch.inf
    assert greedy[0, 3] == logits.argmax()


@pytest.mark.parametrize(("temperature", "top_k"), [(1.0, None), (0.5, None), (1.0, 3)])
def test_tokens_are_drawn_with_the_networks_probabilities(temperature: float, top_k: int | None):
    network = checks.build(SMALL, TEXTS, NEXT)
    with torch.no_grad():
        network.tokens.weight *= 8
        logits = network({"tokens": torch.tensor([[BEGIN, 7]])})[0, -1]
    logits[:3] = -torch.inf
    if top_k is not None:
        logits[logits < logits.topk(top_k).values[-1]] = -torch.inf
    generator = _generator()
    drawn = [
        int(network.generate(torch.tensor([[BEGIN, 7]]), 1, temperature, top_k, generator)[0, -1]) for _ in range(500)
    ]
    found = torch.bincount(torch.tensor(drawn), minlength=40) / 500
    expected = torch.softmax(logits / temperature, dim=0)
    assert (found[expected == 0] == 0).all()
    # Four standard deviations of a share among 500.
    assert (found - expected).abs().max() < 4 * 0.5 / math.sqrt(500)


@pytest.mark.parametrize(("inputs", "outputs"), [(TABLE, NEXT), (TEXTS, CLASSES)])
def test_refuses_what_it_does_not_take(inputs, outputs):
    with pytest.raises(
        ConfigError, match=f'"gpt" predicts texts; found inputs {inputs.modality}, target {outputs.kind}'
    ):
        checks.build(SMALL, inputs, outputs)


def test_a_pretrained_tokenizer_is_refused():
    inputs = TEXTS.model_copy(update={"pretrained": {"model_type": "bert"}})
    with pytest.raises(ConfigError, match=r'found preprocessing\.tokenizer "pretrained"; allowed: "characters"'):
        checks.build(SMALL, inputs, NEXT)
