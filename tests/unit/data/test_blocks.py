import numpy as np
import pandas as pd
import pytest
from safetensors.numpy import save_file

from remint.data.blocks import MOST, Blocks, array_blocks, block_size, differing_rows, file_blocks, table_blocks


def table(rows: int = 1000) -> pd.DataFrame:
    return pd.DataFrame({"age": np.arange(rows), "job": ["cook", None] * (rows // 2), "pay": np.arange(rows) / 8})


def test_a_changed_cell_is_found_in_its_block():
    other = table()
    other.loc[[250, 999], "job"] = "pilot"
    assert differing_rows(table_blocks(table()), table_blocks(other)) == "rows 200–299, 900–999"
    assert differing_rows(table_blocks(table()), table_blocks(table())) == ""


def test_a_tables_encoding_does_not_count_but_its_columns_do(tmp_path):
    for name, options in (("a", {"compression": "gzip"}), ("b", {"row_group_size": 10, "compression": None})):
        table().to_parquet(tmp_path / f"{name}.parquet", **options)
    assert file_blocks(tmp_path / "a.parquet") == file_blocks(tmp_path / "b.parquet")
    assert table_blocks(table()) != table_blocks(table().rename(columns={"pay": "wage"}))
    assert table_blocks(table()) != table_blocks(table().astype({"age": "int32"}))


def test_rows_that_were_added_or_taken_away_differ():
    assert differing_rows(table_blocks(table()), table_blocks(table(1100))) == "rows 1,000–1,099"
    assert differing_rows(table_blocks(table(1000)), table_blocks(table(960))) == "rows 900–999"


def test_many_ranges_are_counted():
    other = table()
    other.loc[::200, "age"] = -1
    assert differing_rows(table_blocks(table()), table_blocks(other)).endswith("400–499 and 2 more ranges")


def test_an_image_that_changed_is_found(tmp_path):
    images = np.random.default_rng(0).integers(0, 256, (430, 1, 4, 4), dtype=np.uint8)
    other = images.copy()
    other[301, 0, 2, 3] ^= 1
    for name, content in (("a", images), ("b", other)):
        save_file({"image": content, "target": np.zeros(430, np.int64)}, tmp_path / f"{name}.safetensors")
    found = [file_blocks(tmp_path / f"{name}.safetensors") for name in "ab"]
    assert differing_rows(found[0], found[1]) == "rows 300–399"


def test_a_token_is_found_in_the_text_that_holds_it():
    lengths = np.random.default_rng(1).integers(0, 30, 500)
    lengths[:100] = 500  # in proportion, a token of the last text would be told as one of the first
    offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    tokens = np.arange(offsets[-1], dtype=np.int32)
    other = tokens.copy()
    other[offsets[420]] += 1
    blocks = [array_blocks({"offsets": offsets, "tokens": t, "characters": lengths}) for t in (tokens, other)]
    assert differing_rows(blocks[0], blocks[1]) == "rows 400–499"


@pytest.mark.parametrize(("rows", "size"), [(0, 100), (25_600, 100), (25_601, 200), (60_000, 500), (1_000_000, 5000)])
def test_a_file_has_a_bounded_number_of_blocks(rows, size):
    assert block_size(rows) == size
    assert rows <= size * MOST


def test_other_files_have_no_rows(tmp_path):
    (tmp_path / "spec.json").write_text("{}")
    assert file_blocks(tmp_path / "spec.json") is None
    assert array_blocks({}) == Blocks(0, 100, ())
