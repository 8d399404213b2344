import hashlib
import json
import subprocess

import pytest

from remint.errors import RemintError
from remint.registry.locked_stages import locked_stages
from remint.registry.origin import DIFF, FILE, LOCK, SEAL, read_origin, seal_tags
from tests.origins import commit, edit, lock, make_origin, make_project


@pytest.fixture
def project(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    make_project(tmp_path)
    return tmp_path


def test_an_origin_tells_of_every_stage(project):
    made = commit(project)
    origin = make_origin(project / "origin")
    assert (origin.commit, origin.dirty, origin.diff, origin.dataset) == (made, False, None, "people")
    kinds = [stage.kind for stage in origin.stages]
    assert kinds == ["ingest", "validate", "preprocess", "train", "evaluate"]
    train = origin.stage("train")
    assert train.parameters["params.yaml"]["experiments.tiny.trainer"]["lr"] == 0.5
    prepared = (project / "data/prepared/people/train.safetensors").read_bytes()
    assert train.inputs["data/prepared/people/train.safetensors"] == hashlib.sha256(prepared).hexdigest()
    assert set(train.outputs) == {
        "data/models/tiny/fingerprint.json",
        "data/models/tiny/weights.safetensors",
        "data/reports/train/tiny/history.csv",
    }
    assert set(origin.stage("ingest").code) == {"src/remint/formats/csv.py"}
    assert origin.stage("ingest").inputs == {"people.csv": "0" * 64}
    assert origin.rows["data/raw/people/rows.parquet"].rows == 300
    assert origin.rows["data/prepared/people/train.safetensors"].size == 100
    assert "remint" not in origin.packages
    assert "numpy" in origin.packages
    assert origin.tolerance == 0.01


def test_its_lock_holds_its_own_stages_alone(project):
    make_origin(project / "origin")
    told = (project / "origin" / LOCK).read_text()
    (project / "dvc.lock").write_text(told)
    assert "baseline@people" not in told
    assert [stage.address for stage in locked_stages("tiny", "people")] == [
        *("ingest@people", "validate@people", "preprocess@people", "train@tiny", "evaluate@tiny")
    ]


def test_uncommitted_changes_are_kept_so_that_git_makes_the_tree_again(project):
    commit(project)
    edit(project / "src/remint/split.py", "VALUE = 1", "VALUE = 22")
    (project / "src/remint/new.py").write_text("NEW = 1\n")
    lock(project)
    origin = make_origin(project / "origin")
    assert origin.dirty
    subprocess.run(["git", "stash", "--include-untracked", "--quiet", "--", "src"], cwd=project, check=True)
    subprocess.run(["git", "apply", project / "origin" / DIFF], cwd=project, check=True)
    assert "VALUE = 22" in (project / "src/remint/split.py").read_text()
    assert (project / "src/remint/new.py").read_text() == "NEW = 1\n"


@pytest.mark.parametrize(
    ("file", "old", "new", "told"),
    [
        ("src/remint/metrics.py", "VALUE = 1", "VALUE = 2", "src/remint/metrics.py"),
        ("src/remint/formats/csv.py", "VALUE = 1", "VALUE = 2", "src/remint/formats"),
        ("params.yaml", "lr: 0.5", "lr: 0.6", "experiments.tiny.trainer"),
        ("datasets.yaml", "val: 0.1", "val: 0.2", "datasets.people.split"),
    ],
)
def test_what_changed_since_the_stages_ran_is_refused(project, file, old, new, told):
    edit(project / file, old, new)
    with pytest.raises(RemintError, match=f"{told} has changed since .* ran; run `remint run tiny`"):
        make_origin(project / "origin")
    assert not (project / "origin").exists()


def test_without_every_stage_in_the_lock_there_is_no_origin(project):
    edit(project / "dvc.lock", "  validate@people:", "  validate@others:")
    with pytest.raises(RemintError, match=r"origin.json cannot be read"):
        make_origin(project / "origin")


def test_a_diff_that_was_altered_or_taken_away_is_found(project):
    commit(project)
    edit(project / "src/remint/split.py", "VALUE = 1", "VALUE = 22")
    lock(project)
    make_origin(project / "origin")
    with (project / "origin" / DIFF).open("a") as diff:
        diff.write("\n")
    with pytest.raises(RemintError, match="altered"):
        read_origin(project / "origin")
    (project / "origin" / DIFF).unlink()
    with pytest.raises(RemintError, match="gone"):
        read_origin(project / "origin")


def test_a_lock_that_was_altered_is_found(project):
    make_origin(project / "origin")
    edit(project / "origin" / LOCK, "schema: '2.0'", 'schema: "2.0"')
    with pytest.raises(RemintError, match=r"dvc.lock is not the file that origin.json tells of"):
        read_origin(project / "origin")


def test_the_seal_is_of_the_origin_and_so_of_all_beside_it(project):
    assert seal_tags(project / "origin") == {}
    make_origin(project / "origin")
    written = (project / "origin" / FILE).read_bytes()
    assert seal_tags(project / "origin") == {SEAL: hashlib.sha256(written).hexdigest()}


def test_outside_git_there_is_no_commit(project):
    assert make_origin(project / "origin").commit is None
    assert json.loads((project / "origin" / FILE).read_text())["dirty"] is False
