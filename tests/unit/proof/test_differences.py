from dataclasses import replace

import pytest

from remint.data.blocks import Blocks
from remint.proof.differences import compare, unified_diff
from remint.proof.moved import Interval, Moved
from remint.proof.side import VIEWS as PARTS
from remint.proof.side import Side

VIEWS = {
    "data": {"files": {"data/raw/adult/rows.parquet": "a"}, "prepared": {"data/prepared/adult": "b"}},
    "parameters": {"trained": {"trainer.lr": "0.002", "model.hidden": "[8]"}},
    "seed": {"seed": {"seed": "1"}},
    "dataset's declaration": {"declared": {"split.val": "0.1"}},
    "code": {"stages": {"src/remint/models/mlp.py": "c"}, "training": {"src/remint/models/mlp.py": "c"}},
    "environment": {"trained": {"torch": "2.13.0", "threads": "1"}},
}
SIDE = Side("adult-mlp/1", "adult-mlp", "adult", VIEWS, {"accuracy": Interval(0.85, 0.84, 0.86)})


def changed(part: str, view: str, values: dict[str, str], side: Side = SIDE) -> Side:
    """Give a side with another view of a part."""
    return replace(side, label="B", views={**side.views, part: {**side.views.get(part, {}), view: values}})


def without(side: Side, part: str) -> Side:
    """Give a side that does not tell of a part."""
    return replace(side, views={name: views for name, views in side.views.items() if name != part})


def test_two_trainings_without_a_difference_are_the_same() -> None:
    found = compare(SIDE, replace(SIDE, label="B"))
    assert found.changes == {}
    assert found.sentence == "the same training: nothing differs"
    assert found.equal == tuple(PARTS)


def test_another_seed_alone_is_seed_noise() -> None:
    other = changed("seed", "seed", {"seed": "2"})
    assert compare(SIDE, other).sentence == "the seed alone differs: what the metrics differ by is seed noise"
    both = compare(SIDE, changed("parameters", "trained", {"trainer.lr": "0.1"}, other))
    assert both.sentence == "what differs: parameters, seed"


@pytest.mark.parametrize("part", ["code", "data", "environment", "dataset's declaration"])
def test_seed_noise_is_not_claimed_of_parts_that_nobody_or_one_side_alone_tells_of(part: str) -> None:
    first, other = without(SIDE, part), changed("seed", "seed", {"seed": "2"})
    told = f"of what both tell, the seed alone differs; if the rest ({part}) is equal, too, what the"
    assert compare(first, other).sentence.startswith(told)
    assert compare(first, without(other, part)).sentence.startswith(told)
    assert compare(first, without(SIDE, part)).sentence == f"of what both tell, nothing differs; not told: {part}"


def test_the_code_of_a_training_is_not_all_code() -> None:
    first = changed("code", "training", {"src/remint/models/mlp.py": "c"}, without(SIDE, "code"))
    found = compare(first, changed("seed", "seed", {"seed": "2"}))
    assert "code of the training" in found.equal
    assert found.unknown == ("code of the evaluation",)
    assert "the seed alone differs; if the rest (code of the evaluation) is equal, too" in found.sentence


def test_a_seed_moves_metrics_neither_up_nor_down() -> None:
    other = replace(changed("seed", "seed", {"seed": "2"}), metrics={"accuracy": Interval(0.80, 0.79, 0.81)})
    assert compare(SIDE, other).metrics[0].verdict == "moved"
    assert compare(SIDE, without(other, "code")).metrics[0].verdict == "moved"
    more = changed("parameters", "trained", {"trainer.lr": "0.1"}, other)
    assert compare(SIDE, more).metrics[0].verdict == "worse"


def test_numbers_are_compared_as_numbers_in_parameters_alone() -> None:
    first, other = (changed("environment", "trained", {"pytz": version}) for version in ("2025.10", "2025.1"))
    assert [(c.name, c.first, c.second) for c in compare(first, other).changes["environment"]] == [
        ("pytz", "2025.10", "2025.1")
    ]


def test_each_leaf_that_differs_is_told_with_both_values() -> None:
    other = changed("parameters", "trained", {"trainer.lr": "0.0020", "model.hidden": "[16]", "trainer.l2": "0.1"})
    changes = compare(SIDE, other).changes["parameters"]
    assert [(c.name, c.first, c.second) for c in changes] == [
        ("model.hidden", "[8]", "[16]"),
        ("trainer.l2", None, "0.1"),
    ]


def test_data_is_compared_in_the_most_telling_view_that_both_have() -> None:
    files = changed("data", "files", {"data/raw/adult/rows.parquet": "z"})
    assert [c.name for c in compare(SIDE, files).changes["data"]] == ["data/raw/adult/rows.parquet"]
    alone = replace(SIDE, views={**VIEWS, "data": {"prepared": {"data/prepared/adult": "b"}}})
    assert "data" in compare(files, alone).equal


def test_rows_that_differ_are_told_to_the_block() -> None:
    place = "data/raw/adult/rows.parquet"
    one = replace(SIDE, rows={place: Blocks(250, 100, ("a", "b", "c"))})
    other = replace(changed("data", "files", {place: "z"}), rows={place: Blocks(250, 100, ("a", "y", "z"))})
    assert compare(one, other).changes["data"][0].detail == "rows 100–249"


def test_another_dataset_is_one_difference() -> None:
    other = replace(changed("data", "files", {"data/raw/digits/rows.parquet": "z"}), dataset="digits")
    changes = compare(SIDE, other).changes["data"]
    assert [(c.name, c.first, c.second) for c in changes] == [("dataset", "adult", "digits")]


def test_code_is_shown_where_both_texts_are_at_hand() -> None:
    one = replace(SIDE, text=lambda file: "a = 1\nb = 2\n")
    other = replace(changed("code", "stages", {"src/remint/models/mlp.py": "d"}), text=lambda file: "a = 1\nb = 3\n")
    detail = compare(one, other).changes["code"][0].detail
    assert detail.startswith("+1 −1 lines\n")
    assert "-b = 2\n+b = 3" in detail
    assert compare(SIDE, other).changes["code"][0].detail == ""


def test_a_long_diff_is_cut() -> None:
    told = unified_diff("x.py", "".join(f"{i}\n" for i in range(100)), "", lines=10).splitlines()
    assert told[0] == "+0 −100 lines"
    assert told[-1] == "… 91 more lines"
    assert len(told) == 12


def test_of_a_tree_only_what_the_training_uses_is_compared() -> None:
    more = {"src/remint/models/mlp.py": "c", "src/remint/cli/main.py": "x"}
    tree = replace(changed("code", "stages", more), whole=True)
    first = changed("environment", "pinned", {"torch": "2.13.0"})
    tree = changed("environment", "pinned", {"torch": "2.14.0", "rich": "1"}, without(tree, "environment"))
    found = compare(first, tree)
    assert "code" in found.equal
    assert [(c.name, c.second) for c in found.changes["environment"]] == [("torch", "2.14.0")]
    assert found.unknown == ("Python, the machine, unpinned packages",)
    assert compare(tree, first).changes["environment"][0].first == "2.14.0"


@pytest.mark.parametrize(
    ("installed", "pin", "same"),
    [("2.13.0+cpu", "2.13.0", True), ("2.13.0+cpu", "2.13.0+cu126", False), ("2.13.0+cpu", "2.13", False)],
)
def test_a_pin_without_a_local_label_stands_for_any(installed: str, pin: str, same: bool) -> None:
    side = changed("environment", "pinned", {"torch": installed})
    tree = replace(changed("environment", "pinned", {"torch": pin}, without(SIDE, "environment")), whole=True)
    assert ("pinned packages" in compare(side, tree).equal) is same
    assert ("pinned packages" in compare(tree, side).equal) is same
    two = changed("environment", "trained", {"torch": installed}), changed("environment", "trained", {"torch": pin})
    assert "environment" in compare(*two).changes


@pytest.mark.parametrize(
    ("name", "first", "second", "verdict"),
    [
        ("accuracy", Interval(0.85, 0.84, 0.86), Interval(0.88, 0.87, 0.89), "better"),
        ("accuracy", Interval(0.85, 0.84, 0.86), Interval(0.82, 0.81, 0.83), "worse"),
        ("log_loss", Interval(0.50, 0.49, 0.51), Interval(0.40, 0.39, 0.41), "better"),
        ("accuracy", Interval(0.85, 0.84, 0.86), Interval(0.88, 0.80, 0.95), "within noise"),
        ("accuracy", Interval(0.85, 0.80, 0.90), Interval(0.88, 0.87, 0.89), "within noise"),
        ("accuracy", Interval(0.85, 0.84, 0.86), Interval(0.85, 0.84, 0.86), "equal"),
        ("accuracy", Interval(0.85), Interval(0.88, 0.87, 0.89), "not judged"),
        ("made_up", Interval(0.85, 0.84, 0.86), Interval(0.95, 0.94, 0.96), "not judged"),
    ],
)
def test_a_metric_moves_where_each_value_lies_outside_the_others_interval(
    name: str, first: Interval, second: Interval, verdict: str
) -> None:
    assert Moved(name, first, second).verdict == verdict


def test_metrics_that_one_side_has_alone_are_left_out() -> None:
    other = replace(SIDE, metrics={"rmse": Interval(1.0), "accuracy": Interval(0.9)})
    assert [moved.name for moved in compare(SIDE, other).metrics] == ["accuracy"]


def test_metrics_of_different_datasets_are_not_compared() -> None:
    assert compare(SIDE, replace(SIDE, dataset="digits")).metrics == ()


def test_packages_that_decide_no_training_are_a_note() -> None:
    one, other = (replace(SIDE, packages={"torch": "2.13.0", "rich": version}) for version in ("1", "2"))
    assert compare(one, other).notes == ("other packages, which decide no training: rich 1 → 2",)
    assert compare(one, other).changes == {}
