import json
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from remint.config.specs import DataSpec
from remint.data.module import ShuffledBatches, precomputed
from remint.data.prepared import map_arrays
from remint.data.rows import LanguageRows, Rows, SeriesRows, TextRows, concatenated, evaluation_batches, rows_of
from tests.prepared import DIGITS, IMAGES, NUMBERS, SERIES, TEXTS, TOKENS

TOKENS_OF = {
    "tokens": np.array([2, 7, 3, 2, 8, 9, 10, 3], dtype=np.int32),
    "offsets": np.array([0, 3, 8]),
    "characters": np.array([2, 4]),
}


def test_texts_are_filled_up_to_the_longest_of_the_batch():
    rows = TextRows({**TOKENS_OF, "target": np.array([1, 0])})
    batch = rows.batch(torch.tensor([0, 1]))
    assert batch["tokens"].tolist() == [[2, 7, 3, 0, 0], [2, 8, 9, 10, 3]]
    assert batch["tokens"].dtype == torch.int64
    assert batch["target"].tolist() == [1, 0]
    assert rows.batch(torch.tensor([0]))["tokens"].tolist() == [[2, 7, 3]]


def test_pieces_of_a_text_predict_each_token_but_the_first_once():
    rows = LanguageRows(TOKENS_OF, length=3)
    assert len(rows) == 3
    assert rows.owners.tolist() == [0, 1, 1]
    batch = rows.batch(torch.arange(3))
    assert batch["tokens"].tolist() == [[2, 7, 0], [2, 8, 9], [10, 0, 0]]
    assert batch["target"].tolist() == [[7, 3, 0], [8, 9, 10], [3, 0, 0]]


def test_windows_are_cut_out_of_the_series():
    arrays = {"series": np.arange(40, dtype=np.float32).reshape(20, 2), "starts": np.array([3, 0])}
    batch = SeriesRows(arrays, history=2).batch(torch.tensor([0, 1]))
    assert batch["history"].tolist() == [[[6, 7], [8, 9]], [[0, 1], [2, 3]]]
    assert set(batch) == {"history"}


def test_the_spec_tells_which_rows():
    assert isinstance(rows_of(TOKENS_OF, DataSpec(inputs=TEXTS, outputs=TOKENS)), LanguageRows)
    assert type(rows_of(TOKENS_OF, DataSpec(inputs=TEXTS, outputs=DIGITS))) is TextRows
    arrays = {"series": np.zeros((20, 2), np.float32), "starts": np.array([3, 0])}
    assert isinstance(rows_of(arrays, DataSpec(inputs=SERIES, outputs=NUMBERS)), SeriesRows)


def test_no_text_is_no_batch():
    empty = {"tokens": np.zeros(0, np.int32), "offsets": np.array([0]), "characters": np.zeros(0, np.int64)}
    assert len(TextRows(empty)) == len(LanguageRows(empty, 3)) == 0


def test_what_batches_give_is_put_back_in_order_and_summed_by_owner():
    parts = [{"x": np.array([3.0, 1.0])}, {"x": np.array([2.0, 5.0])}]
    order = np.array([2, 0, 1, 3])
    assert concatenated(parts, order, None)["x"].tolist() == [1.0, 2.0, 3.0, 5.0]
    assert concatenated(parts, order, np.array([0, 0, 1, 1]))["x"].tolist() == [3.0, 8.0]


def test_texts_are_evaluated_from_short_to_long():
    order, batches = evaluation_batches(TextRows(TOKENS_OF))
    assert order.tolist() == [0, 1]
    assert [batch.tolist() for batch in batches] == [[0, 1]]


def test_batches_of_texts_hold_each_row_once_and_like_lengths():
    lengths = np.random.default_rng(0).integers(1, 100, 1000)
    sampler = ShuffledBatches(1000, 10, seed=1, lengths=lengths)
    batches = [batch.numpy() for batch in sampler]
    assert len(batches) == len(sampler) == 100
    assert sorted(np.concatenate(batches)) == list(range(1000))
    padded = sum(lengths[batch].max() * len(batch) for batch in batches)
    assert padded < 1.15 * lengths.sum()
    sampler.set_epoch(1)
    assert [batch.tolist() for batch in sampler] != [batch.tolist() for batch in batches]


def test_the_last_batch_of_texts_may_be_smaller_but_none_is_lost():
    batches = list(ShuffledBatches(23, 5, seed=0, lengths=np.arange(23)))
    assert sorted(map(len, batches)) == [3, 5, 5, 5, 5]


def test_precomputed_rows_keep_their_order_and_target():
    rows = TextRows({**TOKENS_OF, "target": np.array([1, 0])})
    made = precomputed(rows, lambda batch: {"length": (batch["tokens"] != 0).sum(1)})
    assert type(made) is Rows
    assert made.batch(torch.tensor([1, 0]))["length"].tolist() == [5, 3]
    assert made.batch(torch.tensor([1, 0]))["target"].tolist() == [0, 1]


LARGE = 2**28
"Bytes."
BIG: dict[str, tuple[DataSpec, dict[str, tuple[str, list[int]]]]] = {
    "images": (DataSpec(inputs=IMAGES, outputs=DIGITS), {"image": ("U8", [LARGE // 64, 1, 8, 8])}),
    "texts": (DataSpec(inputs=TEXTS, outputs=DIGITS), {"tokens": ("I32", [LARGE // 4]), "offsets": ("I64", [1001])}),
    "language": (DataSpec(inputs=TEXTS, outputs=TOKENS), {"tokens": ("I32", [LARGE // 4]), "offsets": ("I64", [1001])}),
    "series": (
        DataSpec(inputs=SERIES, outputs=NUMBERS),
        {"series": ("F32", [LARGE // 8, 2]), "starts": ("I64", [1000])},
    ),
}


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
@pytest.mark.parametrize("kind", BIG)
def test_a_batch_copies_its_own_rows_and_nothing_else(tmp_path: Path, kind: str):
    """The file is a hole of 256 MB, which costs nothing while nobody reads or copies the whole of it."""
    spec, shapes = BIG[kind]
    file = _sparse_file(tmp_path / "train.safetensors", shapes)
    arrays = map_arrays(file)
    if "offsets" in arrays:
        arrays["offsets"][:] = np.arange(1001) * 16
    before = _own_memory()
    rows = rows_of(arrays, spec)
    for _ in range(3):
        rows.batch(torch.arange(len(rows) - 32, len(rows)))
    assert _own_memory() - before < LARGE / 8


def _sparse_file(file: Path, shapes: dict[str, tuple[str, list[int]]]) -> Path:
    header, end = {}, 0
    for name, (dtype, shape) in shapes.items():
        size = int(np.prod(shape)) * {"U8": 1, "I32": 4, "F32": 4, "I64": 8}[dtype]
        header[name] = {"dtype": dtype, "shape": shape, "data_offsets": [end, end + size]}
        end += size
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with file.open("wb") as out:
        out.write(len(text).to_bytes(8, "little") + text)
        out.truncate(8 + len(text) + end)
    return file


def _own_memory() -> int:
    """Bytes that belong to this process alone, mapped files left out."""
    (line,) = [line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("RssAnon:")]
    return int(line.split()[1]) * 1024
