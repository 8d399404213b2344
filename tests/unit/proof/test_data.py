import hashlib
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from safetensors.numpy import save_file

from remint.errors import RemintError
from remint.proof.data import find_start
from tests.origins import edit, make_origin, make_project


class Folder:
    """A store that keeps outputs in a folder as they stood in their project."""

    def __init__(self, kept: Path) -> None:
        self.kept = kept

    def place(self, output, target):
        source = self.kept / output["path"]
        if not source.exists():
            raise RemintError("it is not kept")
        target.parent.mkdir(parents=True, exist_ok=True)
        copy = shutil.copytree if source.is_dir() else shutil.copyfile
        copy(source, target)


@pytest.fixture
def case(tmp_path, monkeypatch):
    """An origin, what is kept of its data, and an empty scratch project."""
    project, root = tmp_path / "project", tmp_path / "scratch"
    project.mkdir()
    monkeypatch.chdir(project)
    make_project(project)
    origin = make_origin(tmp_path / "origin")
    shutil.copytree(project, root, ignore=shutil.ignore_patterns("data"))
    return origin, project, root


def start(case, asked=None):
    return find_start(asked, case[0], Folder(case[1]), case[2])


def test_the_latest_stage_whose_inputs_are_kept_is_the_first(case):
    found = start(case)
    assert (found.stage, found.notes, found.difference) == ("train", (), None)
    assert (case[2] / "data/prepared/people/train.safetensors").exists()
    assert not (case[2] / "data/raw").exists()


def test_what_is_not_kept_is_made_again(case):
    shutil.rmtree(case[1] / "data/prepared")
    found = start(case)
    assert found.stage == "preprocess"
    assert found.notes == ("not from train: data/prepared/people cannot be had (it is not kept)",)
    shutil.rmtree(case[1] / "data/reports/validate")
    shutil.rmtree(case[2] / "data")
    assert start(case).stage == "ingest"


def test_damaged_data_is_not_used_and_its_rows_are_told(case):
    save_file({"numeric": np.eye(300, 2, dtype=np.float32)}, case[1] / "data/prepared/people/train.safetensors")
    found = start(case)
    assert found.stage == "preprocess"
    told = "data/prepared/people/train.safetensors is damaged, rows 0–299; an earlier stage makes it anew"
    assert told in found.notes[0]


def test_asked_for_a_stage_its_damaged_data_is_a_difference(case):
    rows = pd.DataFrame({"age": np.arange(300), "job": ["cook", "nurse", "pilot"] * 100})
    rows.loc[123, "job"] = "baker"
    rows.to_parquet(case[1] / "data/raw/people/rows.parquet")
    difference = start(case, "preprocess").difference
    assert (difference.kind, difference.name) == ("data", "data/raw/people/rows.parquet")
    assert difference.detail == "rows 100–199"
    assert "rows 100–199" in difference.sentence()


def test_data_that_holds_the_same_rows_in_another_form_is_told_so(case):
    file = case[1] / "data/raw/people/rows.parquet"
    pd.read_parquet(file).to_parquet(file, compression="gzip")
    assert start(case, "preprocess").difference.detail == "no row differs: the file's form does"


def test_data_that_cannot_be_read_is_told_so(case):
    (case[1] / "data/raw/people/rows.parquet").write_bytes(b"torn")
    assert start(case, "preprocess").difference.detail.startswith("not readable")


@pytest.mark.parametrize("change", ["new", "gone"])
def test_a_file_more_or_less_is_a_difference(case, change):
    folder = case[1] / "data/prepared/people"
    if change == "new":
        (folder / "more.json").write_text("{}")
    else:
        (folder / "preprocessor.json").unlink()
    difference = start(case, "train").difference
    assert difference.name == f"data/prepared/people/{'more' if change == 'new' else 'preprocessor'}.json"
    assert (difference.registered is None) == (change == "new")


def test_asked_for_a_stage_whose_data_is_not_kept_says_what_to_do(case):
    shutil.rmtree(case[1] / "data/raw")
    with pytest.raises(RemintError, match=r"--from preprocess: data/raw/people cannot be had .* --from ingest"):
        start(case, "preprocess")


def test_a_local_source_that_is_another_one_is_a_difference(case):
    """As in a clean clone, which has nothing in its cache."""
    shutil.rmtree(case[1] / "data")
    (case[1] / "raw").mkdir()
    (case[1] / "raw/people.csv").write_text("age,job\n")
    digest = hashlib.sha256(b"age,job\n").hexdigest()
    found = start(case)
    assert (found.stage, len(found.notes)) == ("ingest", 2)
    assert (found.difference.name, found.difference.registered, found.difference.minted) == (
        "people.csv",
        "0" * 64,
        digest,
    )


@pytest.mark.parametrize("asked", [None, "ingest"])
def test_a_disk_that_cannot_be_written_is_told_as_it_is(case, asked, monkeypatch):
    def full(*_):
        raise RemintError("the disk is full")

    shutil.rmtree(case[1] / "data")
    monkeypatch.setattr("remint.proof.data.fetch", full)
    with pytest.raises(RemintError, match=r"^the disk is full$"):
        start(case, asked)


def test_a_source_that_git_does_not_have_is_fetched_from_the_project(case):
    (case[1] / "raw").mkdir()
    (case[1] / "raw/people.csv").write_text("age,job\n")
    digest = hashlib.sha256(b"age,job\n").hexdigest()
    edit(case[2] / "datasets.yaml", "'" + "0" * 64 + "'", f"'{digest}'")
    assert start(case, "ingest").difference is None
    assert (case[1] / ".remint/downloads" / digest).read_text() == "age,job\n"
