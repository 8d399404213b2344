import shutil

import numpy as np
import pandas as pd
import pytest
from safetensors.numpy import save_file

from remint.files import read_json, write_json
from remint.proof.outputs import Registered, altered_copies, compared_outputs, largest_differences
from remint.proof.shape import STAGES
from tests.origins import make_origin, make_project

TRAINED = "data/models/tiny/fingerprint.json"


@pytest.fixture
def case(tmp_path, monkeypatch):
    """An origin, the version that it is of, and a scratch project with the same files."""
    project, folder = tmp_path / "project", tmp_path / "version"
    project.mkdir()
    monkeypatch.chdir(project)
    make_project(project)
    origin = make_origin(tmp_path / "origin")
    shutil.copytree("data/models/tiny", folder / "data/files")
    (folder / "data/files/fingerprint.json").unlink()
    shutil.copy("data/prepared/people/preprocessor.json", folder / "data/files")
    shutil.copytree("data/reports/evaluate/tiny", folder / "remint/evaluation")
    return origin, project, Registered(folder)


def unequal(case, start="ingest"):
    outputs = compared_outputs(case[0], STAGES[start], case[1], case[2])
    return [file for file, digests in outputs.items() if digests["registered"] != digests["minted"]]


def test_the_same_files_are_equal(case):
    outputs = compared_outputs(case[0], STAGES["ingest"], case[1], case[2])
    assert len(outputs) == 9
    assert unequal(case) == []
    assert altered_copies(case[0], case[2]) == {}
    largest = largest_differences(case[0], case[1], case[2])
    assert (largest["weights"], largest["predictions"]) == (0.0, 0.0)
    assert largest["metrics"]["accuracy"] == {"registered": 0.8, "minted": 0.8}


def test_stages_that_were_not_run_are_not_compared(case):
    outputs = compared_outputs(case[0], STAGES["train"], case[1], case[2])
    assert {file.split("/")[1] for file in outputs} == {"models", "reports"}
    assert not any("validate" in file for file in outputs)


def test_a_file_that_changed_is_gone_or_is_new_differs(case):
    (case[1] / "data/reports/train/tiny/history.csv").write_text("epoch,val_loss\n1,0.6\n")
    (case[1] / "data/reports/evaluate/tiny/metrics.json").unlink()
    (case[1] / "data/models/tiny/more.json").write_text("{}")
    assert sorted(unequal(case)) == [
        "data/models/tiny/more.json",
        "data/reports/evaluate/tiny/metrics.json",
        "data/reports/train/tiny/history.csv",
    ]


@pytest.mark.parametrize(("part", "equal"), [("environment", True), ("parameters", False), ("code", False)])
def test_a_fingerprint_is_compared_by_all_parts_but_the_environment(case, part, equal):
    content = read_json(case[1] / TRAINED)
    content["parts"][part] = {**content["parts"][part], "numpy": "0"}
    write_json(case[1] / TRAINED, content)
    assert unequal(case) == ([] if equal else [TRAINED])


def test_largest_differences_are_told(case):
    save_file({"weight": np.array([[1, 1], [1, 1.5]], np.float32)}, case[1] / "data/models/tiny/weights.safetensors")
    report = case[1] / "data/reports/evaluate/tiny"
    pd.DataFrame({"row": [0, 1], "probability": [0.25, 0.75]}).to_parquet(report / "predictions.parquet")
    write_json(report / "metrics.json", {"accuracy": 0.7})
    largest = largest_differences(case[0], case[1], case[2])
    assert (largest["weights"], largest["predictions"]) == (0.5, 0.25)
    assert largest["metrics"] == {
        "accuracy": {"registered": 0.8, "minted": 0.7},
        "log_loss": {"registered": 0.5, "minted": None},
    }


def test_networks_and_tables_of_other_shapes_are_not_compared(case):
    save_file({"weight": np.ones((3, 2), np.float32)}, case[1] / "data/models/tiny/weights.safetensors")
    pd.DataFrame({"row": [0]}).to_parquet(case[1] / "data/reports/evaluate/tiny/predictions.parquet")
    largest = largest_differences(case[0], case[1], case[2])
    assert (largest["weights"], largest["predictions"]) == (None, None)


COPIES = [
    ("data/files/weights.safetensors", "data/models/tiny/weights.safetensors"),
    ("data/files/preprocessor.json", "data/prepared/people/preprocessor.json"),
    ("remint/evaluation/metrics.json", "data/reports/evaluate/tiny/metrics.json"),
    ("remint/evaluation/predictions.parquet", "data/reports/evaluate/tiny/predictions.parquet"),
]


@pytest.mark.parametrize(("kept", "file"), COPIES)
def test_a_damaged_copy_of_the_version_itself_differs(case, kept, file):
    with (case[2].folder / kept).open("ab") as handle:
        handle.write(b"x")
    assert list(altered_copies(case[0], case[2])) == [file]
    assert unequal(case) == [file]


@pytest.mark.parametrize(("kept", "file"), COPIES)
def test_a_copy_that_is_gone_from_the_version_differs(case, kept, file):
    (case[2].folder / kept).unlink()
    assert altered_copies(case[0], case[2])[file]["registered"] is None
    assert unequal(case) == [file]
    largest_differences(case[0], case[1], case[2])


@pytest.mark.parametrize("content", [b'{"accuracy"; 0.8}', b'{"accuracy": \xff}', b"[0.8]", b'{"accuracy": NaN}'])
def test_damaged_metrics_are_none(case, content):
    (case[2].evaluation / "metrics.json").write_bytes(content)
    metrics = largest_differences(case[0], case[1], case[2])["metrics"]
    assert metrics["accuracy"] == {"registered": None, "minted": 0.8}


def test_what_is_no_number_has_no_largest_difference_wherever_it_stands(case):
    for values in ([np.nan, 1], [1, np.nan]):
        kept = {name: np.array([value], np.float32) for name, value in zip("ab", values, strict=True)}
        for file in (case[1] / "data/models/tiny/weights.safetensors", case[2].model / "weights.safetensors"):
            save_file(kept, file)
        assert largest_differences(case[0], case[1], case[2])["weights"] is None
