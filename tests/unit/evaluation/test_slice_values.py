import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from remint.config.evaluation import SliceConfig
from remint.config.specs import UNKNOWN
from remint.errors import ConfigError
from remint.evaluation.scored import Scored
from remint.evaluation.slice_values import band_names, band_rows, slice_rows, slice_title
from tests.unit.evaluation.looked import classified, measured


def _found(config: SliceConfig, scored: Scored, unknown: int | None = None) -> dict[str, list[int]]:
    return {value: rows.tolist() for value, rows in slice_rows("s", config, scored, unknown)}


def test_categories_are_sliced_by_value_the_missing_last():
    scored = classified(5, town=["b", None, "a", "b", None])
    assert _found(SliceConfig(column="town"), scored) == {"a": [2], "b": [0, 3], "missing": [1, 4]}


def test_booleans_are_sliced_by_value():
    assert _found(SliceConfig(column="x"), classified(3, x=[True, False, True])) == {"False": [1], "True": [0, 2]}


def test_few_whole_numbers_are_sliced_by_value_in_their_order():
    scored = classified(5, doors=[10.0, 2.0, 10.0, np.nan, 3.0])
    found = _found(SliceConfig(column="doors"), scored)
    assert list(found.items()) == [("2", [1]), ("3", [4]), ("10", [0, 2]), ("missing", [3])]


def test_a_number_at_an_edge_is_in_the_band_above_and_empty_bands_are_left_out():
    scored = classified(6, age=[24, 25, 34, 35, 80, 24.9])
    found = _found(SliceConfig(column="age", edges=(25, 35, 45, 65)), scored)
    assert found == {"< 25": [0, 5], "25 to < 35": [1, 2], "35 to < 45": [3], "≥ 65": [4]}


def test_bands_without_edges_hold_about_equally_many_rows():
    values = np.random.default_rng(0).normal(size=400)
    values[7] = np.nan
    found = _found(SliceConfig(column="x", bands=3), classified(400, x=values))
    assert list(found)[-1] == "missing"
    sizes = [len(rows) for name, rows in found.items() if name != "missing"]
    assert len(sizes) == 3
    assert sizes == pytest.approx([133] * 3, abs=3)
    assert sorted(row for rows in found.values() for row in rows) == list(range(400))
    edge = float(next(iter(found)).removeprefix("< "))
    assert (values[found[f"< {edge:g}"]] < edge).all()


def test_bands_of_numbers_that_are_all_alike_are_one():
    assert _found(SliceConfig(column="x", bands=4), classified(3, x=[0.5, 0.5, 0.5])) == {"all": [0, 1, 2]}


def test_names_of_bands_are_exact():
    assert band_names([0.25, 1]) == ["< 0.25", "0.25 to < 1", "≥ 1"]
    assert band_names([]) == ["all"]
    found = dict(band_rows(np.array([np.nan, 0.25, 1.0]), [0.25, 1]))
    assert {name: rows.tolist() for name, rows in found.items()} == {"0.25 to < 1": [1], "≥ 1": [2]}


def test_classes_are_sliced_by_the_target():
    scored = replace(classified(4, 3), target=np.array([2, 0, 2, 2]))
    assert _found(SliceConfig(measure="class"), scored) == {"a": [1], "c": [0, 2, 3]}


def test_images_are_sliced_by_their_mean_pixel():
    images = np.zeros((3, 1, 2, 2), dtype=np.uint8)
    images[1], images[2, 0, 0, 0] = 200, 200
    scored = replace(classified(3), arrays={"image": images})
    assert _found(SliceConfig(measure="brightness", edges=(50, 100)), scored) == {
        "50 to < 100": [2],
        "< 50": [0],
        "≥ 100": [1],
    }


def test_texts_are_sliced_by_their_tokens_and_by_how_many_are_unknown():
    tokens = np.array([2, 5, 3, 2, UNKNOWN, UNKNOWN, 3])
    scored = replace(classified(2), arrays={"tokens": tokens, "offsets": np.array([0, 3, 7])})
    assert _found(SliceConfig(measure="length", edges=(4,)), scored) == {"< 4": [0], "≥ 4": [1]}
    assert _found(SliceConfig(measure="unknown", edges=(0.5,)), scored, UNKNOWN) == {"< 0.5": [0], "≥ 0.5": [1]}


@pytest.mark.parametrize(
    ("config", "message"),
    [
        (
            {"column": "colour"},
            'datasets.yaml: evaluation.slices.s.column is "colour"; allowed: "town"',
        ),
        ({"measure": "length"}, 'evaluation.slices.s.measure is "length", which tabular data lacks'),
        ({"measure": "class"}, 'evaluation.slices.s.measure is "class"; the target is a number, no category'),
    ],
)
def test_what_the_data_lacks_is_told(config: dict, message: str):
    with pytest.raises(ConfigError, match=re.escape(message)):
        _found(SliceConfig(**config), measured(2, town=pd.Series(["a", "b"])))


def test_values_that_are_written_alike_are_one_slice():
    scored = classified(5, town=["missing", None, 1, "1", "missing"])
    assert _found(SliceConfig(column="town"), scored) == {"1": [2, 3], "missing": [0, 1, 4]}


@pytest.mark.parametrize("values", [1e6 + np.arange(0.5, 60), np.arange(2001.0, 2021.0).repeat(3)])
def test_bands_of_numbers_that_lie_close_together_hold_equally_many_rows_too(values: np.ndarray):
    found = _found(SliceConfig(column="x", bands=4), classified(60, x=values))
    assert [len(rows) for rows in found.values()] == pytest.approx([15] * 4, abs=1)


def test_a_slice_reads_as_a_condition():
    titles = [slice_title("age", value) for value in ("Female", "< 25", "≥ 65", "25 to < 35")]
    assert titles == ["age = Female", "age < 25", "age ≥ 65", "age 25 to < 35"]
