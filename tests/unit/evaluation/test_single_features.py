from pathlib import Path

import numpy as np
import pytest
from scipy.stats import spearmanr

from remint.config.specs import ClassesSpec, DataSpec, TabularSpec
from remint.data.prepared import Prepared
from remint.evaluation.single_features import single_features
from tests import prepared as made


def _leaking(folder: Path, make, leak) -> Prepared:
    drawn = make(folder / "drawn")
    splits = {name: {k: v.copy() for k, v in drawn.split(name).items()} for name in ("train", "val", "test")}
    for arrays in splits.values():
        leak(arrays)
    return made.write_prepared(folder / "leaking", drawn.spec, splits)


def _number(arrays: dict[str, np.ndarray]) -> None:
    arrays["numeric"][:, 1] = -arrays["target"]


def _category(arrays: dict[str, np.ndarray]) -> None:
    edges = np.quantile(arrays["target"], [0.2, 0.4, 0.6, 0.8]) if len(np.unique(arrays["target"])) > 2 else [1]
    arrays["codes"][:, 1] = 1 + np.searchsorted(edges, arrays["target"], side="right")


@pytest.mark.parametrize("make", [made.table, made.numbers])
@pytest.mark.parametrize(("leak", "name"), [(_number, "height"), (_category, "town")])
def test_a_feature_that_tells_the_target_is_found(tmp_path: Path, make, leak, name: str):
    found = single_features(_leaking(tmp_path, make, leak))
    assert dict(found)[name] > (0.99 if leak is _number or make is made.table else 0.8)
    assert sorted((strength for _, strength in found), reverse=True) == [strength for _, strength in found]
    assert {feature for feature, _ in found} == {"age", "height", "weight", "job", "town"}


def test_a_category_that_says_nothing_of_the_test_split_has_no_strength(tmp_path: Path):
    def leak(arrays: dict[str, np.ndarray]) -> None:
        high = arrays["target"] > 50
        arrays["codes"][:, 1] = np.where(high == (len(high) == 200), 1, 2)

    assert dict(single_features(_leaking(tmp_path, made.numbers, leak)))["town"] == 0.0


def test_the_strength_of_a_number_is_its_rank_correlation(tmp_path: Path):
    prepared = made.numbers(tmp_path / "d")
    test = prepared.split("test")
    expected = abs(spearmanr(test["numeric"][:, 0], test["target"]).statistic)
    assert dict(single_features(prepared))["age"] == pytest.approx(expected)


def test_a_constant_feature_has_no_strength(tmp_path: Path):
    def still(arrays: dict[str, np.ndarray]) -> None:
        arrays["numeric"][:, 0] = 0

    for make in (made.table, made.numbers):
        assert dict(single_features(_leaking(tmp_path / make.__name__, make, still)))["age"] == 0


def test_images_and_texts_have_no_features(tmp_path: Path):
    assert single_features(made.images(tmp_path / "i")) == []
    assert single_features(made.texts(tmp_path / "t")) == []


def test_a_class_of_few_rows_is_left_aside_since_noise_seems_to_tell_it_apart(tmp_path: Path):
    random = np.random.default_rng(0)
    inputs = TabularSpec(numeric=("noise",), categories=())
    spec = DataSpec(inputs=inputs, outputs=ClassesSpec(classes=tuple(map(str, range(50)))))
    splits = {
        name: {
            "numeric": random.normal(size=(200, 1)).astype(np.float32),
            "codes": np.zeros((200, 0), dtype=np.int64),
            "target": random.integers(0, 50, 200),
        }
        for name in ("train", "val", "test")
    }
    assert single_features(made.write_prepared(tmp_path / "d", spec, splits)) == [("noise", 0.0)]
