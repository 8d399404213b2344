import shutil

import pytest

from remint.proof.inputs import Difference, input_differences, leaves
from tests.origins import EXPERIMENT, dump, edit, make_origin, make_project


@pytest.fixture
def project(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    make_project(tmp_path)
    return tmp_path


@pytest.fixture
def origin(project):
    shutil.copytree(project / "src/remint", project / "registered")
    return make_origin(project / "origin")


def found(origin, project):
    return list(input_differences(origin, project, project / "registered"))


def test_nothing_differs_where_nothing_changed(origin, project):
    assert found(origin, project) == []


@pytest.mark.parametrize(
    ("old", "new", "kind", "name", "values"),
    [
        ("lr: 0.5", "lr: 0.25", "parameter", "experiments.tiny.trainer.lr", (0.5, 0.25)),
        ("epochs: 2", "epochs: 2.0", "parameter", "experiments.tiny.trainer.epochs", (2, 2.0)),
        ("seed: 1", "seed: 7", "seed", "experiments.tiny.seed", (1, 7)),
        ("family: linear", "family: mlp", "parameter", "experiments.tiny.model.family", ("linear", "mlp")),
        ("precision: '32'", "precision: x", "parameter", "experiments.tiny.trainer.precision", ("32", "x")),
    ],
)
def test_a_parameter_is_named_by_its_leaf(origin, project, old, new, kind, name, values):
    edit(project / "params.yaml", old, new)
    assert found(origin, project) == [Difference(kind, name, *values)]


def test_a_parameter_that_is_new_or_gone_is_named(origin, project):
    trainer = {name: value for name, value in EXPERIMENT["trainer"].items() if name != "lr"}
    dump(project / "params.yaml", {"experiments": {"tiny": {**EXPERIMENT, "trainer": {**trainer, "l2": 1}}}})
    names = {d.name: (d.registered, d.minted) for d in found(origin, project)}
    assert names == {"experiments.tiny.trainer.lr": (0.5, None), "experiments.tiny.trainer.l2": (None, 1)}


def test_threads_are_left_to_the_environment(origin, project):
    edit(project / "params.yaml", "threads: 1", "threads: 2")
    assert found(origin, project) == []


def test_what_a_dataset_declares_counts_in_the_first_stage_that_sees_it(origin, project):
    edit(project / "datasets.yaml", "val: 0.1", "val: 0.2")
    assert [d.name for d in found(origin, project)] == ["datasets.people.split.val"] * 2


def test_code_is_told_with_its_diff(origin, project):
    edit(project / "src/remint/models/linear.py", "VALUE = 1", "VALUE = 2")
    (difference,) = found(origin, project)
    assert (difference.kind, difference.name) == ("code", "src/remint/models/linear.py")
    assert "-VALUE = 1\n+VALUE = 2\n" in difference.detail


def test_code_that_is_gone_is_told(origin, project):
    (project / "src/remint/formats/csv.py").unlink()
    (difference,) = found(origin, project)
    told = f"code src/remint/formats/csv.py: sha256 {difference.registered[:12]} → missing"
    assert (difference.minted, difference.sentence()) == (None, told)


def test_a_registered_text_that_is_another_gives_no_diff(origin, project):
    edit(project / "registered/models/linear.py", "VALUE = 1", "VALUE = 3")
    edit(project / "src/remint/models/linear.py", "VALUE = 1", "VALUE = 2")
    assert found(origin, project)[0].detail == ""


def test_a_long_diff_is_cut(origin, project):
    (project / "src/remint/models/linear.py").write_text("new\n" * 500)
    (difference,) = found(origin, project)
    assert len(difference.detail.splitlines()) == 81


def test_leaves_of_lists_and_types():
    assert list(leaves([1, 2], [1, 3], "a")) == [("a.1", 2, 3)]
    assert list(leaves([1], [1, 3], "a")) == [("a", [1], [1, 3])]
    assert list(leaves(1, True, "a")) == [("a", 1, True)]
    assert list(leaves({"b": {"c": 1}}, {"b": {"c": 1}}, "a")) == []


def test_code_that_was_renewed_with_the_evaluation_is_no_difference(origin, project):
    """The version's own copy is that of its registration; `altered_package` holds it against its list."""
    edit(project / "registered/metrics.py", "VALUE = 1", "VALUE = 0")
    assert found(origin, project) == []
