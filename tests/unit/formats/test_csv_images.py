import gzip
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from remint.config.source import CsvImagesFormat
from remint.data.raw import RawData
from remint.errors import DataError
from remint.formats import csv_images
from remint.formats.read import read

pytestmark = pytest.mark.usefixtures("workdir")


def read_images(content: str, **options: Any) -> RawData:
    Path("stored").write_text(content)
    form = CsvImagesFormat(kind="csv-images", **{"height": 2, "width": 2, **options})
    return read({"a.csv": Path("stored")}, form)


def refusal(content: str, **options: Any) -> str:
    with pytest.raises(DataError) as error:
        read_images(content, **options)
    return str(error.value)


def test_the_real_mnist_file(mnist_file: Path) -> None:
    raw = read({"mnist_5k.csv.gz": mnist_file}, CsvImagesFormat(kind="csv-images", height=28, width=28))
    assert raw.images is not None
    assert (raw.images.shape, raw.images.dtype) == ((5000, 28, 28, 1), np.uint8)
    assert raw.rows["label"].value_counts().to_dict() == {str(digit): 500 for digit in range(10)}
    assert raw.rows["label"].dtype == "str"
    plain = np.loadtxt(gzip.decompress(mnist_file.read_bytes()).splitlines()[:50], delimiter=",", dtype=np.int64)
    assert (raw.images[:50].reshape(50, -1) == plain[:, :-1]).all()
    assert raw.rows["label"][:50].astype(int).tolist() == plain[:, -1].tolist()


def test_pixels_are_in_c_order_with_the_channel_last() -> None:
    raw = read_images("1,2,3,4,5,6,7,8,9,10,11,12,cat\n", channels=3)
    assert raw.images is not None
    assert raw.images.tolist() == [[[[1, 2, 3], [4, 5, 6]], [[7, 8, 9], [10, 11, 12]]]]


def test_the_label_may_stand_anywhere_and_stays_text() -> None:
    raw = read_images("007,1,2,3,4\nx,5,6,7,8\n", label=0)
    assert raw.images is not None
    assert raw.rows["label"].tolist() == ["007", "x"]
    assert raw.images.reshape(2, 4).tolist() == [[1, 2, 3, 4], [5, 6, 7, 8]]


def test_a_label_outside_the_row_is_told() -> None:
    assert refusal("1,2,3,4,x\n", label=5) == "a.csv: label is column 5; allowed: -5 to 4"


def test_pieces_are_put_together_in_order(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(csv_images, "_CHUNK_VALUES", 10)
    raw = read_images("".join(f"{i},0,0,{i + 1},c{i}\n" for i in range(7)))
    assert raw.images is not None
    assert raw.images[:, 0, 0, 0].tolist() == list(range(7))
    assert raw.rows["label"].tolist() == [f"c{i}" for i in range(7)]
    assert raw.rows.index.tolist() == list(range(7))


def test_whole_numbers_may_be_written_as_floats() -> None:
    raw = read_images("1.0,2,3,255.0,x\n0,2,3,4,y\n")
    assert raw.images is not None
    assert raw.images.reshape(2, 4).tolist() == [[1, 2, 3, 255], [0, 2, 3, 4]]


@pytest.mark.parametrize("pixel", ["256", "-1", "0.5", "dark", "True", "inf", "1e3"])
def test_a_pixel_that_is_no_byte_names_its_row(pixel: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(csv_images, "_CHUNK_VALUES", 5)
    found = refusal(f"1,2,3,4,x\n1,2,3,4,x\n1,2,3,4,x\n1,{pixel},3,4,x\n")
    assert found.startswith("a.csv, row 3, column 1 (both from 0): pixel is ")
    assert found.endswith("; allowed: a whole number from 0 to 255")


def test_a_missing_pixel_names_its_row() -> None:
    assert "row 1, column 2 (both from 0): pixel is missing" in refusal("1,2,3,4,x\n1,2,,4,x\n")


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("1,2,3,x\n1,2,3,x\n", "a.csv, line 1: 4 fields; allowed: 5"),
        ("1,2,3,4,5,x\n", "a.csv, line 1: 6 fields; allowed: 5"),
        ("1,2,3,4,x\n1,2,3,x\n", "a.csv, line 2: 4 fields; allowed: 5"),
        ("1,2,3,4,x\n1,2,3,4,5,x\n", "a.csv, line 2: 6 fields; allowed: 5"),
        ("", "a.csv is empty"),
    ],
)
def test_a_row_of_another_width_is_named_by_its_line(content: str, expected: str) -> None:
    assert refusal(content) == expected


def test_a_missing_label_survives() -> None:
    assert read_images("1,2,3,4,\n1,2,3,4,x\n").rows["label"].isna().tolist() == [True, False]
