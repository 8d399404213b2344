"""Each kind of expectation on images, planted broken once."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from remint.config.dataset import ColumnSplit, ExpectationsConfig, HashSplit, SchemaConfig
from remint.data.raw import RawData
from remint.errors import DataError
from remint.validation.report import Report
from remint.validation.run import validate
from tests.unit.validation.people import check, failed, first

SCHEMA = SchemaConfig(target="label", columns={"label": {"type": "category", "values": ["0", "1"]}})
SHAPE = {"channels": 1, "height": 6, "width": 5}


def pictures() -> tuple[pd.DataFrame, np.ndarray]:
    """Make 60 different grey images of 6 × 5 pixels."""
    images = np.random.default_rng(0).integers(1, 200, (60, 6, 5, 1), dtype=np.uint8)
    return pd.DataFrame({"label": np.arange(60) % 2}), images


def look(rows: pd.DataFrame, pixels: np.ndarray, **expected: Any) -> Report:
    expectations = {"images": {**SHAPE, **expected.pop("images", {})}, **expected}
    return check(rows, SCHEMA, pixels=pixels, **expectations)


def test_sound_images_pass() -> None:
    report = look(*pictures())
    assert report.success
    assert report.images is not None
    assert (report.images.height, report.images.width, report.images.channels) == (6, 5, 1)
    assert look(*pictures(), images={"min": 1, "max": 199}).success


@pytest.mark.parametrize(
    ("expected", "sentence", "found"),
    [
        ({"height": 7}, "every image is 7 pixels high", {"height": 6}),
        ({"width": 4}, "every image is 4 pixels wide", {"width": 5}),
        ({"channels": 3}, "every image has 3 channels", {"channels": 1}),
    ],
)
def test_shape(expected: dict[str, int], sentence: str, found: dict[str, int]) -> None:
    outcome = failed(look(*pictures(), images=expected))[sentence]
    assert (outcome.failed, outcome.checked) == (60, 60)
    assert first(outcome) == [(row, found) for row in range(5)]


def test_coloured_file_among_grey_ones_is_the_one_to_blame() -> None:
    rows, images = pictures()
    rows = rows.assign(file=[f"{i}.png" for i in range(60)], readable=True, height=6, width=5, channels=1)
    rows.loc[17, "channels"] = 3
    coloured = np.repeat(images, 3, axis=3)
    assert first(failed(look(rows, coloured))["every image has 1 channel"]) == [(17, {"file": "17.png", "channels": 3})]
    assert look(rows, coloured, images={"channels": 3}).success


def test_pixel_range() -> None:
    rows, images = pictures()
    images[4, 2, 2] = 0
    images[9, 0, 0] = 255
    found = failed(look(rows, images, images={"min": 1, "max": 199}))
    assert {name: first(o) for name, o in found.items()} == {
        "every pixel is at least 1": [(4, {"darkest pixel": 0})],
        "every pixel is at most 199": [(9, {"brightest pixel": 255})],
    }


def test_blank() -> None:
    rows, images = pictures()
    images[21] = 7
    outcome = failed(look(rows, images))["no image is blank"]
    assert (outcome.failed, first(outcome)) == (1, [(21, {"every pixel": 7})])
    assert look(rows, images, images={"blank": 0.02}).success


def test_unreadable_files_count_as_nothing_else() -> None:
    rows, images = pictures()
    rows = rows.assign(file=[f"{i}.png" for i in range(60)], readable=True)
    for row in (3, 30):
        images[row] = 0
        rows.loc[row, "readable"] = False
    report = look(rows, images, images={"min": 1})
    assert set(failed(report)) == {"no image file fails to decode"}
    outcome = failed(report)["no image file fails to decode"]
    assert (outcome.failed, outcome.checked) == (2, 60)
    assert first(outcome)[0] == (3, {"file": "3.png", "readable": False})
    assert sum(split.rows for split in report.splits.values()) == 58
    assert look(rows, images, images={"unreadable": 0.05}).success


def test_duplicates_are_told_by_pixels_whatever_their_label() -> None:
    rows, images = pictures()
    images[41] = images[2]
    outcome = failed(look(rows, images))["no image repeats an earlier one"]
    assert (outcome.failed, first(outcome)) == (1, [(41, {"same as row": 2})])


def test_overlap_is_told_by_pixels() -> None:
    rows, images = pictures()
    rows = rows.assign(part=["train", "val", "test"] * 20, file=[f"{i}.png" for i in range(60)])
    images[5] = images[0]
    report = check(rows, SCHEMA, ColumnSplit(kind="column", column="part"), images, duplicates=0.1)
    value = {"file": "5.png", "same as train row": 0}
    assert {name: first(o) for name, o in failed(report).items()} == {
        "no test image stands in train, too": [(5, value)]
    }


def test_data_of_another_modality() -> None:
    rows, images = pictures()
    with pytest.raises(DataError, match="holds 59 images and 60 rows"):
        look(rows, images[:59])
    arguments = (SCHEMA, HashSplit(kind="hash"), ExpectationsConfig())
    with pytest.raises(DataError, match="holds no images"):
        validate(RawData(rows), "image", *arguments)
    with pytest.raises(DataError, match="holds images"):
        validate(RawData(rows, images), "tabular", *arguments)
