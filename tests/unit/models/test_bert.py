import importlib.util
import json
import re
import sys
import warnings
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer
from torch import Tensor, nn

from remint.config.specs import PADDING, DataSpec
from remint.errors import ConfigError, DataError
from remint.models.base import build_network, model_config
from tests.prepared import DIGITS, NUMBER, NUMBERS, TABLE, TEXTS, TINY_BERT, TOKENS, texts, trained
from tests.unit.models import checks

MINILM = Path(__file__).parents[3] / "data" / "raw" / "movies" / "pretrained"
DROPPING = TEXTS.model_copy(
    update={"pretrained": {**TINY_BERT, "hidden_dropout_prob": 0.5, "attention_probs_dropout_prob": 0.5}}
)


def _build(inputs=TEXTS, outputs=DIGITS, seed: int = 1, **options: Any) -> nn.Module:
    section = {"family": "bert", **options}
    return build_network(model_config("x", section), DataSpec(inputs=inputs, outputs=outputs), seed).eval()


def _batch() -> dict[str, Tensor]:
    return {"tokens": checks.texts([8, 5, 3, 8], 24)}


def _file(folder: Path, prefix: str = "", **changes: Tensor | None) -> dict[str, Tensor]:
    """Write weights as pretrained models have them; a change to None leaves a weight out."""
    weights = dict(_build(seed=9).encoder.state_dict())
    weights |= {"pooler.dense.weight": torch.ones(16, 16), "embeddings.position_ids": torch.arange(32)[None]}
    weights = {name: tensor for name, tensor in (weights | changes).items() if tensor is not None}
    save_file({prefix + name: tensor.contiguous() for name, tensor in weights.items()}, folder / "model.safetensors")
    return weights


def _load(network: nn.Module, folder: Path, **options: Any) -> None:
    model_config("x", {"family": "bert", **options}).load_pretrained(network, folder)


def test_mean_pooling_leaves_padding_out():
    network, batch = _build(), _batch()
    hidden = network.encoder(input_ids=batch["tokens"], attention_mask=batch["tokens"] != PADDING).last_hidden_state
    expected = network.output(torch.stack([hidden[1, :5].mean(0), hidden[2, :3].mean(0)]))
    torch.testing.assert_close(network(batch)[1:3], expected)
    alone = {"tokens": batch["tokens"][2:3, :3]}
    torch.testing.assert_close(network(batch)[2:3], network(alone), atol=1e-5, rtol=1e-5)


def test_first_pooling_takes_the_first_token():
    network, batch = _build(pooling="first"), _batch()
    hidden = network.encoder(input_ids=batch["tokens"], attention_mask=batch["tokens"] != PADDING).last_hidden_state
    torch.testing.assert_close(network(batch), network.output(hidden[:, 0]))


def test_padding_and_order_change_nothing():
    network, batch = _build(), _batch()
    more = {"tokens": checks.padded(batch["tokens"], 4)}
    torch.testing.assert_close(network(more), network(batch), atol=1e-5, rtol=1e-5)
    checks.permuting_the_batch_permutes_the_outputs(network, batch)


def test_pretrained_weights_are_loaded(tmp_path: Path):
    weights, network = _file(tmp_path), _build()
    before = network.output.weight.clone()
    _load(network, tmp_path)
    assert all(torch.equal(weight, weights[name]) for name, weight in network.encoder.state_dict().items())
    assert torch.equal(network.output.weight, before)


def test_a_prefix_and_other_heads_do_no_harm(tmp_path: Path):
    weights, network = _file(tmp_path, prefix="bert.", **{"pooler.dense.bias": torch.ones(16)}), _build()
    save_file(load_file(tmp_path / "model.safetensors") | {"cls.bias": torch.ones(24)}, tmp_path / "model.safetensors")
    _load(network, tmp_path)
    assert all(torch.equal(weight, weights[name]) for name, weight in network.encoder.state_dict().items())


def test_the_first_layers_can_be_kept(tmp_path: Path):
    weights, network = _file(tmp_path), _build(layers=1)
    _load(network, tmp_path, layers=1)
    assert not any(name.startswith("encoder.layer.1.") for name in network.encoder.state_dict())
    assert all(torch.equal(weight, weights[name]) for name, weight in network.encoder.state_dict().items())


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"embeddings.LayerNorm.weight": None}, 'Missing key(s) in state_dict: "embeddings.LayerNorm.weight"'),
        ({"embeddings.LayerNorm.weight": torch.ones(17)}, "size mismatch for embeddings.LayerNorm.weight"),
        ({"encoder.layer.2.output.dense.bias": torch.ones(16)}, "Unexpected key(s) in state_dict"),
    ],
)
def test_weights_that_do_not_fit_are_refused(tmp_path: Path, changes: dict[str, Tensor | None], message: str):
    _file(tmp_path, **changes)
    with pytest.raises(DataError, match=re.escape("model.safetensors does not fit the pretrained model's config.json")):
        _load(_build(), tmp_path)
    with pytest.raises(DataError, match=re.escape(message)):
        _load(_build(), tmp_path)


def test_missing_weights_are_told(tmp_path: Path):
    with pytest.raises(DataError, match=re.escape("model.safetensors is missing")):
        _load(_build(), tmp_path)


def test_what_is_frozen_gets_no_gradient():
    def learns(network: nn.Module) -> set[str]:
        return {
            name.split(".")[0] + "." + name.split(".")[1] for name, p in network.named_parameters() if p.requires_grad
        }

    head = {"output.weight", "output.bias"}
    assert learns(_build()) == {"encoder.encoder"} | head
    assert learns(_build(freeze_embeddings=False)) == {"encoder.encoder", "encoder.embeddings"} | head
    assert learns(_build(frozen=True, freeze_embeddings=False)) == head


def test_a_frozen_encoder_has_no_dropout():
    batch = _batch()
    frozen, free, quiet = (_build(DROPPING, **o).train() for o in ({"frozen": True}, {}, {"encoder_dropout": 0.0}))
    assert torch.equal(frozen(batch), frozen(batch))
    assert not torch.equal(free(batch), free(batch))
    assert torch.equal(quiet(batch), quiet(batch))


def test_precomputed_batches_stand_in_for_texts():
    network, batch = _build(frozen=True).train(), _batch()
    computed = network.precompute(batch)
    assert list(computed) == ["pooled"]
    assert computed["pooled"].shape == (4, 16)
    assert not computed["pooled"].requires_grad
    torch.testing.assert_close(network(computed), network(batch))
    assert _build().precompute(batch) == {}


def test_a_probe_learns_and_leaves_the_encoder_as_it_was(tmp_path: Path):
    prepared = texts(tmp_path / "d")
    section = {"family": "bert", "frozen": True}
    before = build_network(model_config("x", section), prepared.spec, 1).state_dict()
    result = trained(prepared, section, epochs=4, lr=0.05, optimizer="adamw", l2=0.1)
    changed = {name for name, weight in result.weights.items() if not torch.equal(weight, before[name])}
    assert changed == {"output.weight", "output.bias"}
    assert result.history[-1]["train_loss"] < result.history[0]["train_loss"]


def test_attention_is_a_distribution_over_the_tokens():
    network, batch = _build(DROPPING).train(), _batch()
    weights = network.attention(batch)
    assert weights.shape == (4, 2, 2, 8, 8)
    kept = (batch["tokens"] != PADDING).float()
    torch.testing.assert_close((weights * kept[:, None, None, None]).sum(-1), torch.ones(4, 2, 2, 8))
    assert network.training
    torch.testing.assert_close(network.attention(batch), weights)


def test_attention_leaves_the_quick_kernel_in_place():
    network, batch = _build(), _batch()
    before = network(batch)
    network.attention(batch)
    assert network.encoder.config._attn_implementation == "sdpa"
    assert torch.equal(network(batch), before)


def test_saved_and_loaded_it_gives_the_same_bits(tmp_path: Path):
    spec = DataSpec(inputs=TEXTS, outputs=DIGITS)
    checks.loading_gives_the_same_bits(tmp_path, {"family": "bert", "layers": 1}, spec, "classification", _batch())


@pytest.mark.parametrize("outputs", [DIGITS, NUMBER])
def test_initialisation_is_of_the_output(outputs):
    weight = _build(outputs=outputs, initialisation="normal").output.weight
    assert weight.shape == (outputs.size, 16)
    assert weight.std().item() == pytest.approx(0.02, rel=0.5)


@pytest.mark.parametrize(
    ("inputs", "outputs", "options", "message"),
    [
        (TABLE, DIGITS, {}, 'model.family "bert" takes texts, not tabular'),
        (TEXTS, TOKENS, {}, "predicts a class or a number; the target is tokens"),
        (TEXTS, NUMBERS, {}, "predicts a class or a number; the target is numbers"),
        (TEXTS.model_copy(update={"pretrained": None}), DIGITS, {}, "found tokens made by no pretrained tokenizer"),
        (TEXTS.model_copy(update={"pretrained": {"model_type": "gpt2"}}), DIGITS, {}, 'of model_type "gpt2"'),
        (TEXTS.model_copy(update={"length": 64}), DIGITS, {}, "preprocessing.length is 64; allowed for this"),
        (TEXTS.model_copy(update={"vocabulary": 99}), DIGITS, {}, "the tokenizer has 99 token ids, the pretrained"),
        (TEXTS, DIGITS, {"layers": 3}, "model.layers is 3; allowed: 1 to 2, which the pretrained model has"),
    ],
)
def test_what_does_not_fit_is_refused(inputs, outputs, options: dict[str, Any], message: str):
    with pytest.raises(ConfigError, match=re.escape(message)):
        _build(inputs, outputs, **options)


def test_building_says_nothing(capfd: pytest.CaptureFixture[str]):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        network = _build()
        network(_batch())
        network.attention(_batch())
    assert capfd.readouterr() == ("", "")


def test_loading_the_module_does_not_import_transformers(monkeypatch: pytest.MonkeyPatch):
    """It takes seconds, which only those pay who build the network."""
    monkeypatch.setitem(sys.modules, "transformers", None)  # importing it raises
    spec = importlib.util.find_spec("remint.models.bert")
    spec.loader.exec_module(importlib.util.module_from_spec(spec))


@pytest.mark.skipif(not (MINILM / "model.safetensors").is_file(), reason="`remint stage ingest movies` fetches MiniLM")
def test_minilm_puts_sentences_of_like_meaning_close():
    tokenizer = Tokenizer.from_file(str(MINILM / "tokenizer.json"))
    tokenizer.enable_padding()
    sentences = ["A man is eating a meal.", "Someone has lunch.", "The stock market fell today."]
    tokens = torch.tensor([encoding.ids for encoding in tokenizer.encode_batch(sentences)])
    config = json.loads((MINILM / "config.json").read_text())
    network = _build(TEXTS.model_copy(update={"vocabulary": 30522, "pretrained": config}), frozen=True)
    _load(network, MINILM)
    pooled = nn.functional.normalize(network.precompute({"tokens": tokens})["pooled"])
    (_, lunch, stocks), *_ = (pooled @ pooled.T).tolist()
    assert lunch > 0.4 > 0.1 > stocks
