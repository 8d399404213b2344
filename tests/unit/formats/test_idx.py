import gzip
import struct
from pathlib import Path

import numpy as np
import pytest

from remint.config.source import IdxFormat
from remint.data.raw import RawData
from remint.errors import DataError
from remint.formats.read import read

pytestmark = pytest.mark.usefixtures("workdir")
IMAGES = np.arange(3 * 2 * 4, dtype=np.uint8).reshape(3, 2, 4)
LABELS = np.array([1, 0, 1], dtype=np.uint8)


def idx(values: np.ndarray) -> bytes:
    return bytes([0, 0, 8, values.ndim]) + struct.pack(f">{values.ndim}I", *values.shape) + values.tobytes()


def read_idx(
    *contents: bytes, columns: dict[str, dict[str, str]] | None = None, classes: tuple[str, ...] = ()
) -> RawData:
    files = {}
    for number, content in enumerate(contents):
        path = Path(f"stored{number}")
        path.write_bytes(content)
        files[f"f{number}"] = path
    return read(files, IdxFormat(kind="idx", classes=classes), columns)


def refusal(*contents: bytes, classes: tuple[str, ...] = ()) -> str:
    with pytest.raises(DataError) as error:
        read_idx(*contents, classes=classes)
    return str(error.value)


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_a_pair_is_images_and_labels(pack: type) -> None:
    raw = read_idx(pack(idx(IMAGES)), pack(idx(LABELS)))
    assert raw.images is not None
    assert (raw.images.shape, raw.images.dtype) == ((3, 2, 4, 1), np.uint8)
    assert (raw.images[..., 0] == IMAGES).all()
    assert raw.rows.to_dict("list") == {"label": ["1", "0", "1"]}
    assert raw.rows["label"].dtype == "str"


def test_labels_can_be_named() -> None:
    assert read_idx(idx(IMAGES), idx(LABELS), classes=("cat", "dog")).rows["label"].tolist() == ["dog", "cat", "dog"]


def test_pairs_follow_one_another_with_their_columns() -> None:
    columns = {"f0": {"split": "train"}, "f1": {"split": "train"}, "f2": {"split": "test"}}
    raw = read_idx(idx(IMAGES), idx(LABELS), idx(IMAGES[:1]), idx(LABELS[:1]), columns=columns)
    assert raw.rows.to_dict("list") == {"label": ["1", "0", "1", "1"], "split": ["train"] * 3 + ["test"]}
    assert raw.images is not None
    assert (raw.images[3] == raw.images[0]).all()


def test_two_files_of_a_pair_cannot_name_different_columns() -> None:
    columns = {"f0": {"split": "train"}, "f1": {"split": "test"}}
    with pytest.raises(DataError, match=r'^f1: columns would add "split", which the file has already'):
        read_idx(idx(IMAGES), idx(LABELS), columns=columns)


def test_what_is_no_pair_is_told() -> None:
    assert refusal(idx(IMAGES)) == "format idx reads files in pairs, but there are 1: f0"
    assert refusal(idx(LABELS), idx(LABELS)) == "f0 begins with 00000801; allowed: IDX of bytes, 00000803 or 00000804"
    assert refusal(idx(IMAGES), b"") == "f1 begins with nothing; allowed: IDX of bytes, 00000801"
    assert refusal(idx(IMAGES), idx(LABELS[:2])) == "f0 holds 3 images, but f1 2 labels"
    assert refusal(idx(IMAGES)[:-1], idx(LABELS)) == "f0 holds 23 values, but its header tells 3×2×4"
    assert refusal(idx(IMAGES)[:9], idx(LABELS)) == "f0 ends inside its header; allowed: IDX of bytes"


def test_a_label_without_a_name_is_told() -> None:
    assert refusal(idx(IMAGES), idx(LABELS), classes=("cat",)) == (
        "f1, row 0 (from 0): label is 1; allowed: 0 to 0, as `classes` names"
    )
