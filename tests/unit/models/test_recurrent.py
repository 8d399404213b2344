import math
import re
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn
from torch.nn import functional
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from remint.config.specs import PADDING, ClassesSpec, DataSpec, NumbersSpec, SeriesSpec, TextSpec
from remint.errors import ConfigError
from tests.prepared import CLASSES, NUMBER, TABLE
from tests.unit.models import checks

TEXTS = TextSpec(vocabulary=50, length=24)
PRETRAINED = TextSpec(vocabulary=50, length=24, pretrained={"model_type": "bert"})
EIGHT = ClassesSpec(classes=tuple("abcdefgh"))
SERIES = SeriesSpec(features=("load", "sin", "cos"), history=20, horizon=6)
AHEAD = NumbersSpec(mean=10.0, std=2.0, size=6)
SMALL = {"family": "recurrent", "width": 12, "embedding": 10}
TOKENS = checks.texts([9, 4, 12, 2, 7], 50)
HISTORY = torch.randn(5, 20, 3, generator=torch.Generator().manual_seed(0))
KINDS = [
    {"cell": cell, "bidirectional": both, "layers": layers}
    for cell in ("lstm", "gru")
    for both, layers in ((False, 1), (True, 1), (True, 2))
]


def _classifier(**options: Any) -> nn.Module:
    return checks.build({**SMALL, **options}, TEXTS, EIGHT)


def _forecaster(**options: Any) -> nn.Module:
    return checks.build({"family": "recurrent", "width": 12, **options}, SERIES, AHEAD)


@pytest.mark.parametrize("pooling", ["first", "last", "mean", "max", "mean-max"])
@pytest.mark.parametrize("kind", KINDS)
def test_gives_a_logit_a_class_and_padding_changes_none(kind: dict, pooling: str):
    network = _classifier(**kind, pooling=pooling)
    with torch.no_grad():
        logits = network({"tokens": TOKENS})
        assert logits.shape == (5, 8)
        torch.testing.assert_close(network({"tokens": checks.padded(TOKENS, 12)}), logits, atol=1e-5, rtol=0)
        network.tokens.weight[PADDING] += 5.0
        torch.testing.assert_close(network({"tokens": TOKENS}), logits, atol=1e-5, rtol=0)


@pytest.mark.parametrize("cell", ["lstm", "gru"])
@pytest.mark.parametrize("layers", [1, 2])
def test_both_directions_are_those_of_torch_on_packed_sequences(cell: str, layers: int):
    """The states, and the gradients, of torch's own bidirectional layers with the same weights."""
    network = _classifier(cell=cell, layers=layers, bidirectional=True)
    theirs = {"lstm": nn.LSTM, "gru": nn.GRU}[cell](10, 12, layers, batch_first=True, bidirectional=True)
    with torch.no_grad():
        for layer in range(layers):
            for suffix, ours in (("", network.layers.ahead[layer]), ("_reverse", network.layers.behind[layer])):
                for name, parameter in ours.named_parameters():
                    getattr(theirs, f"{name[:-1]}{layer}{suffix}").copy_(parameter)
    lengths = (TOKENS != PADDING).sum(1)
    packed = pack_padded_sequence(network.tokens(TOKENS), lengths, batch_first=True, enforce_sorted=False)
    last = theirs(packed)[1]
    hidden = last[0] if cell == "lstm" else last
    expected = network.output(torch.cat([hidden[-2], hidden[-1]], dim=1))
    found = network({"tokens": TOKENS})
    torch.testing.assert_close(found, expected, atol=1e-6, rtol=0)
    gradients = [torch.autograd.grad(logits.square().sum(), network.tokens.weight)[0] for logits in (found, expected)]
    torch.testing.assert_close(*gradients, atol=1e-6, rtol=1e-4)
    states, _ = pad_packed_sequence(theirs(packed)[0], batch_first=True, padding_value=-torch.inf)
    network.layers.pooling = "max"
    expected = network.output(states.max(dim=1).values)
    torch.testing.assert_close(network({"tokens": TOKENS}), expected, atol=1e-6, rtol=0)


@pytest.mark.parametrize("kind", KINDS)
def test_permuting_the_batch_permutes_the_outputs(kind: dict):
    checks.permuting_the_batch_permutes_the_outputs(_classifier(**kind), {"tokens": TOKENS})
    checks.permuting_the_batch_permutes_the_outputs(_forecaster(**kind), {"history": HISTORY})


@pytest.mark.parametrize("cell", ["lstm", "gru"])
def test_the_loss_at_the_start_is_that_of_guessing(cell: str):
    network = checks.build({"family": "recurrent", "cell": cell}, TextSpec(vocabulary=5000, length=60), EIGHT)
    tokens = checks.texts([20 + row for row in range(32)], 5000)
    loss = functional.cross_entropy(network({"tokens": tokens}), torch.arange(32) % 8).item()
    assert loss == pytest.approx(math.log(8), abs=0.1)


@pytest.mark.parametrize("cell", ["lstm", "gru"])
def test_saved_and_loaded_gives_the_same_bits(tmp_path: Path, cell: str):
    section = {**SMALL, "cell": cell, "bidirectional": True}
    spec = DataSpec(inputs=TEXTS, outputs=EIGHT)
    checks.loading_gives_the_same_bits(tmp_path, section, spec, "classification", {"tokens": TOKENS})


@pytest.mark.parametrize("options", [{"cell": "gru"}, {"bidirectional": True, "pooling": "max"}, {"dropout": 0.2}])
def test_overfits_32_texts(options: dict):
    batch, target = {"tokens": checks.texts([6 + row % 9 for row in range(32)], 50)}, torch.arange(32) * 5 % 8
    loss = checks.training_overfits(
        _classifier(**options), batch, lambda x: functional.cross_entropy(x, target), 80, 0.02
    )
    assert loss < 0.05


@pytest.mark.parametrize("residual", ["none", "last", "season"])
def test_overfits_32_windows(residual: str):
    generator = torch.Generator().manual_seed(2)
    batch, target = {"history": torch.randn(32, 20, 3, generator=generator)}, torch.randn(32, 6, generator=generator)
    network = checks.build({"family": "recurrent", "width": 48, "residual": residual}, SERIES, AHEAD)
    assert checks.training_overfits(network, batch, lambda x: functional.mse_loss(x, target), 150, 0.02) < 0.05


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_seed_gives_the_same_gradients(kind: dict):
    options = {**kind, "dropout": 0.3, "word_dropout": 0.3}
    first, second = (checks.one_step(lambda: _classifier(**options), {"tokens": TOKENS}) for _ in range(2))
    assert torch.equal(first, second)


def _forecast(residual: str, history: torch.Tensor) -> torch.Tensor:
    with torch.no_grad():
        return _forecaster(residual=residual)({"history": history})


def _raised(history: torch.Tensor, by: torch.Tensor) -> torch.Tensor:
    """Add a number to the series to forecast, one a row (B×1)."""
    return torch.cat([history[:, :, :1] + by[:, :, None], history[:, :, 1:]], dim=2)


def test_a_forecast_is_a_difference_to_the_season_before():
    difference = _forecast("season", HISTORY) - _forecast("none", HISTORY)
    torch.testing.assert_close(difference, HISTORY[:, -6:, 0])


def test_a_forecast_is_a_difference_to_the_last_value_and_knows_no_level():
    last = HISTORY[:, -1, :1]
    forecast = _forecast("last", HISTORY)
    assert forecast.shape == (5, 6)
    torch.testing.assert_close(forecast, _forecast("none", _raised(HISTORY, -last)) + last)
    torch.testing.assert_close(_forecast("last", _raised(HISTORY, torch.full((5, 1), 7.0))), forecast + 7)


def test_the_forget_gate_starts_open_whatever_the_initialisation():
    for initialisation in ("default", "orthogonal"):
        layer = _classifier(initialisation=initialisation).layers.ahead[0]
        assert (layer.bias_ih_l0[12:24] == 1).all()
        assert (layer.bias_hh_l0[12:24] == 0).all()
    assert (layer.bias_ih_l0[:12] == 0).all()
    assert (layer.bias_ih_l0[24:] == 0).all()


def test_dropout_is_of_embeddings_between_layers_and_before_the_output():
    network = _classifier(layers=2, dropout=0.4).train()
    assert {m.p for m in network.modules() if isinstance(m, nn.Dropout)} == {0.4}
    calls = []
    for module in network.modules():
        if isinstance(module, nn.Dropout):
            module.register_forward_hook(lambda _, inputs, __: calls.append(tuple(inputs[0].shape)))
    network({"tokens": TOKENS})
    assert calls == [(5, 12, 10), (5, 12, 12), (5, 12)]


def test_works_under_bf16():
    network = _classifier(bidirectional=True, pooling="mean-max")
    with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
        found = network({"tokens": TOKENS}).float()
    torch.testing.assert_close(found, network({"tokens": TOKENS}), atol=0.02, rtol=0.02)


@pytest.mark.parametrize(
    ("options", "inputs", "outputs", "message"),
    [
        ({}, TABLE, CLASSES, "classifies texts and forecasts series; found inputs tabular, target classes"),
        ({}, TEXTS, NUMBER, "found inputs text, target number"),
        ({}, SERIES, CLASSES, "found inputs series, target classes"),
        ({"residual": "last"}, TEXTS, CLASSES, 'model.residual is "last"; allowed for texts: "none"'),
        ({"word_dropout": 0.1}, PRETRAINED, EIGHT, "model.word_dropout is 0.1, and the dataset's preprocessing.tok"),
        ({"word_dropout": 0.1}, SERIES, AHEAD, "model.word_dropout is 0.1; allowed for series: 0"),
        (
            {"residual": "season"},
            SERIES,
            NumbersSpec(mean=0.0, std=1.0, size=21),
            'model.residual is "season" with a history of 20 steps; allowed: from 21',
        ),
    ],
)
def test_refuses_what_it_does_not_take(options: dict, inputs, outputs, message: str):
    with pytest.raises(ConfigError, match=re.escape(message)):
        checks.build({**SMALL, **options}, inputs, outputs)


def test_embeddings_start_small_by_default():
    network = checks.build({"family": "recurrent"}, TextSpec(vocabulary=500, length=60), EIGHT)
    assert network.tokens.weight.std().item() == pytest.approx(0.02, rel=0.05)
