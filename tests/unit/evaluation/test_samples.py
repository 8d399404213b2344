import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from torch import Tensor, nn

from remint.config.specs import NumbersSpec
from remint.data.prepared import Prepared
from remint.evaluation.looks import CHARACTERS
from remint.evaluation.samples import SHOWN, WINDOWS, samples
from remint.evaluation.windows import seasonal_naive
from tests.prepared import images, numbers, series, table
from tests.unit.evaluation.written import LETTERS, Reader, prepared_texts


class Network(nn.Module):
    """Attends to all tokens alike, and goes on with the letters that come next."""

    def attention(self, batch: dict[str, Tensor]) -> Tensor:
        """Two layers of two heads; the last layer's second head looks at the first token alone."""
        size = batch["tokens"].shape[1]
        shares = torch.full((1, 2, 2, size, size), 1 / size)
        shares[:, 1, 1] = nn.functional.one_hot(torch.zeros(size, dtype=torch.int64), size).float()
        return shares

    def generate(
        self, tokens: Tensor, new: int, temperature: float, top_k: int | None, generator: torch.Generator
    ) -> Tensor:
        """Draw letters."""
        assert temperature == 0.8
        assert top_k is None
        return torch.cat([tokens, torch.randint(4, 4 + len(LETTERS), (1, new), generator=generator)], dim=1)


def _probabilities(prepared: Prepared, wrong: list[int]) -> dict[str, np.ndarray]:
    """Sure and right, but for the `wrong` rows, of which each is less sure than the one before."""
    target = prepared.split("test")["target"]
    outputs = prepared.spec.outputs
    shares = np.full((len(target), outputs.size), 0.1)
    shares[np.arange(len(target)), target] = 0.9
    for place, row in enumerate(wrong):
        shares[row] = 0.1
        shares[row, (target[row] + 1) % outputs.size] = 0.9 - 0.01 * place
    return {"probabilities": shares}


def _shown(prepared: Prepared, predicted: dict[str, np.ndarray], reader: Reader | None = None) -> dict[str, Any]:
    found = samples(Network(), prepared.spec, prepared.split("test"), prepared.rows("test"), predicted, reader)
    again = samples(Network(), prepared.spec, prepared.split("test"), prepared.rows("test"), predicted, reader)
    assert json.loads(json.dumps(found, allow_nan=False)) == found == again
    return found


def test_images(tmp_path: Path):
    prepared = images(tmp_path / "d")
    found = _shown(prepared, _probabilities(prepared, [9, 4, 30]))
    first = int(prepared.rows("test")["row"].iloc[0])
    assert found["kind"] == "images"
    assert [sample["row"] - first for sample in found["mistakes"]] == [9, 4, 30]
    assert [sample["row"] - first for sample in found["examples"]][:2] == [0, 5]
    assert len(found["examples"]) == SHOWN
    assert found["mistakes"][0]["probability"] == 0.9
    assert found["mistakes"][0]["target"] != found["mistakes"][0]["prediction"]
    assert found["mistakes"][0]["image"]["shape"] == [1, 8, 8]


def test_many_mistakes_are_cut_and_none_is_fine(tmp_path: Path):
    prepared = table(tmp_path / "d")
    assert len(_shown(prepared, _probabilities(prepared, list(range(20))))["mistakes"]) == SHOWN
    assert _shown(prepared, _probabilities(prepared, []))["mistakes"] == []


def test_numbers_show_the_largest_errors_with_their_raw_columns(tmp_path: Path):
    prepared = numbers(tmp_path / "d")
    rows = prepared.rows("test").assign(age=41, height=[np.nan] * 60, born=pd.Timestamp("1990-01-02"))
    value = prepared.split("test")["target"].astype(np.float64)
    value[7] -= 50
    found = samples(Network(), prepared.spec, prepared.split("test"), rows, {"value": value})
    assert found["kind"] == "rows"
    worst = found["mistakes"][0]
    assert worst["row"] == rows["row"].iloc[7]
    assert worst["columns"] == {"age": 41, "height": None, "born": "1990-01-02 00:00:00"}
    assert worst["target"] - worst["prediction"] == pytest.approx(50, rel=1e-4)
    json.dumps(found, allow_nan=False)


def test_texts_with_attention(tmp_path: Path):
    prepared = prepared_texts(tmp_path / "d", ["a好"], ["b好a", "好" * 20, "坏b", "坏" * 400], classes="好坏")
    found = _shown(prepared, _probabilities(prepared, [3]), Reader())
    assert found["kind"] == "texts"
    assert len(found["mistakes"][0]["text"]) == CHARACTERS
    assert [text["row"] for text in found["attention"]] == [1, 2, 3]
    shown = found["attention"][0]
    assert shown["tokens"] == ["[BEGIN]", *"b好a", "[END]"]
    assert np.array(shown["heads"]).shape == (2, 5, 5)
    np.testing.assert_allclose(np.array(shown["mean"])[:, 0], 0.6)


def test_without_a_reader_no_text_is_shown(tmp_path: Path):
    prepared = prepared_texts(tmp_path / "d", ["a好"], ["b好a"], classes="好坏")
    assert _shown(prepared, _probabilities(prepared, [])).keys() == {"kind", "mistakes", "examples"}


def test_texts_are_continued(tmp_path: Path):
    texts = ["ab", "abcabcabcabc", "b", "bcabcabcabca", "cabcabcabc"]
    prepared = prepared_texts(tmp_path / "d", ["ab"], texts)
    found = _shown(prepared, {"nats": np.ones(5), "tokens": np.ones(5)}, Reader())
    assert found["kind"] == "generated"
    assert [text["row"] for text in found["texts"]] == [2, 4, 5]
    assert [text["prompt"] for text in found["texts"]] == ["abcabc", "bcabca", "cabca"]
    assert len(found["texts"][0]["continuation"]) == 160
    assert "attention" in found


def test_a_network_without_the_hooks_shows_less(tmp_path: Path):
    prepared = prepared_texts(tmp_path / "d", ["ab"], ["ab"])
    found = samples(nn.Identity(), prepared.spec, prepared.split("test"), prepared.rows("test"), {}, Reader())
    assert found == {"kind": "generated"}


def test_forecasts_stand_in_the_raw_unit(tmp_path: Path):
    prepared = series(tmp_path / "d")
    arrays, outputs = prepared.split("test"), prepared.spec.outputs
    assert isinstance(outputs, NumbersSpec)
    found = _shown(prepared, {"values": arrays["target"] + 1.0})
    assert len(found["windows"]) == WINDOWS
    window = found["windows"][-1]
    assert window["row"] == prepared.rows("test")["row"].iloc[-1]
    np.testing.assert_allclose(window["actual"], arrays["target"][-1], rtol=1e-5)
    np.testing.assert_allclose(window["forecast"], arrays["target"][-1] + 1, rtol=1e-5)
    start = arrays["starts"][-1]
    expected = arrays["series"][start : start + 12, 0] * outputs.std + outputs.mean
    np.testing.assert_allclose(window["history"], expected, rtol=1e-5)
    np.testing.assert_allclose(window["seasonal_naive"], seasonal_naive(arrays, prepared.spec)[-1], rtol=1e-5)
