from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file

from remint.config.specs import DataSpec
from remint.data.prepared import Prepared, map_arrays
from remint.errors import DataError
from tests.prepared import CLASSES, SERIES, TABLE, images, series, table, write_prepared
from tests.unit.evaluation.written import prepared_texts


def test_gives_the_same_arrays_as_safetensors_itself(tmp_path: Path):
    prepared = images(tmp_path / "d")
    for split in ("train", "val", "test"):
        expected = load_file(prepared.folder / f"{split}.safetensors")
        found = prepared.split(split)
        assert found.keys() == expected.keys()
        for name, array in found.items():
            assert array.dtype == expected[name].dtype
            np.testing.assert_array_equal(array, expected[name])


def test_maps_the_file_and_never_writes_to_it(tmp_path: Path):
    prepared = table(tmp_path / "d")
    file = prepared.folder / "train.safetensors"
    before = file.read_bytes()
    arrays = map_arrays(file)
    assert isinstance(arrays["codes"].base, np.memmap) or isinstance(arrays["codes"], np.memmap)
    arrays["codes"][:] = 7
    assert file.read_bytes() == before
    assert not (map_arrays(file)["codes"] == 7).all()


def test_spec_keeps_the_order_of_the_columns(tmp_path: Path):
    spec = table(tmp_path / "d").spec
    assert spec.inputs == TABLE
    assert [category.name for category in spec.inputs.categories] == ["job", "town"]


def test_rows_are_those_of_the_split_in_the_arrays_order(tmp_path: Path):
    prepared = table(tmp_path / "d", train=10, rest=4)
    assert prepared.rows("val")["row"].tolist() == [10, 11, 12, 13]
    assert list(prepared.rows("test").index) == [0, 1, 2, 3]


def test_matrix_of_a_table_holds_numbers_and_one_hot_codes(tmp_path: Path):
    arrays = {
        "numeric": np.array([[1, 2, 3], [4, 5, 6]], dtype=np.float32),
        "codes": np.array([[1, 5], [0, 2]]),
        "target": np.array([0, 1]),
    }
    prepared = write_prepared(tmp_path / "d", DataSpec(inputs=TABLE, outputs=CLASSES), {"test": arrays})
    dense = prepared.matrix("test")
    assert dense.dtype == np.float32
    np.testing.assert_array_equal(dense, [[1, 2, 3, 1, 0, 0, 0, 0, 0, 0, 1], [4, 5, 6, 0, 0, 0, 0, 1, 0, 0, 0]])


def test_matrix_of_images_holds_scaled_pixels(tmp_path: Path):
    prepared = images(tmp_path / "d", train=5)
    dense = prepared.matrix("train")
    assert dense.shape == (5, 64)
    np.testing.assert_allclose(dense * 255, prepared.split("train")["image"].reshape(5, -1), rtol=1e-6)


def test_a_wide_table_is_sparse_and_says_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    prepared = table(tmp_path / "d")
    dense = prepared.matrix("test")
    monkeypatch.setattr("remint.data.prepared.WIDE", 11)
    sparse = prepared.matrix("test")
    assert sparse.dtype == np.float32
    np.testing.assert_array_equal(sparse.toarray(), dense)


def test_codes_not_seen_in_train_are_all_zero_when_sparse(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("remint.data.prepared.WIDE", 1)
    arrays = {"numeric": np.zeros((1, 3), np.float32), "codes": np.array([[0, 2]]), "target": np.array([0])}
    prepared = write_prepared(tmp_path / "d", DataSpec(inputs=TABLE, outputs=CLASSES), {"test": arrays})
    assert prepared.matrix("test").toarray().tolist() == [[0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0]]


def test_matrix_of_a_series_holds_lags_of_the_first_column_and_the_last_of_the_others(tmp_path: Path):
    prepared = series(tmp_path / "d")
    arrays, matrix = prepared.split("test"), prepared.matrix("test")
    start, end = int(arrays["starts"][5]), int(arrays["starts"][5]) + SERIES.history
    assert matrix.shape == (60, SERIES.history + 1)
    np.testing.assert_array_equal(matrix[5, :-1], arrays["series"][start:end, 0])
    assert matrix[5, -1] == arrays["series"][end - 1, 1]


def test_texts_are_those_of_the_column_that_the_preprocessor_names(tmp_path: Path):
    prepared = prepared_texts(tmp_path / "d", ["ab", "坏"], ["好 a"])
    assert prepared.texts("train") == ["ab", "坏"]
    assert prepared.texts("test") == ["好 a"]


def test_a_missing_file_tells_what_to_run():
    with pytest.raises(
        DataError, match=r"data/prepared/nowhere/spec.json is missing; run `remint stage preprocess nowhere`"
    ):
        _ = Prepared(Path("data/prepared/nowhere")).spec
