"""What a person sees of `remint diff`: on pairs of commits of a small repository."""

from pathlib import Path

import pytest

from remint.cli.diff import _signed, diff
from tests.unit.proof.repository import PARAMS, commit, initialise


@pytest.fixture(autouse=True)
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A git repository whose code is not what runs."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    monkeypatch.setattr("remint.cli.diff.require_project", lambda: None)
    initialise()


def test_commits_print_what_differs_and_name_what_is_equal(capsys: pytest.CaptureFixture[str]) -> None:
    two = PARAMS % "" + PARAMS.removeprefix("experiments:\n").replace("small", "other") % ""
    commit(**{"params.yaml": two})
    commit(**{"params.yaml": two.replace("lr: 0.1", "lr: 0.2", 1)})
    diff("HEAD~1", "HEAD")
    told = capsys.readouterr().out
    assert "small: HEAD~1 → HEAD\nwhat differs: parameters" in told
    assert [line.split() for line in told.splitlines() if "trainer.lr" in line] == [
        ["parameters", "trainer.lr", "0.1", "0.2"]
    ]
    assert told.rstrip().endswith("equal: code and packages, other")
    assert "no metric is at hand of both" in told


def test_code_is_shown_as_it_changed(capsys: pytest.CaptureFixture[str]) -> None:
    commit(**{"src/remint/models/linear.py": "A = 1\nB = [3]\n"})
    diff("HEAD~1", "HEAD")
    told = capsys.readouterr().out
    assert "+1 −1 lines" in told
    assert not told.endswith("\n\n")
    assert "\n-B = 2\n+B = [3]\n" in told


def test_experiments_that_differ_alike_are_told_once(capsys: pytest.CaptureFixture[str]) -> None:
    two = PARAMS % "" + PARAMS.removeprefix("experiments:\n").replace("small", "other") % ""
    commit(**{"params.yaml": two})
    files = {f"src/remint/models/{name}.py": "A = 1\n" for name in "abcdef"}
    commit(**{"params.yaml": two, "src/remint/models/linear.py": "A = 1\nB = 3\n", **files})
    diff("HEAD~1", "HEAD")
    told = capsys.readouterr().out
    assert "small, other: HEAD~1 → HEAD\nwhat differs: code" in told
    assert told.count("-B = 2") == 1
    assert "… 2 more of the files above" in told


def test_another_seed_alone_is_seed_noise(capsys: pytest.CaptureFixture[str]) -> None:
    commit(**{"params.yaml": (PARAMS % "").replace("seed: 1", "seed: 2")})
    diff("HEAD~1", "HEAD")
    told = capsys.readouterr().out
    assert "the seed alone differs; if the rest (Python, the machine, unpinned packages) is equal, too, what" in told
    assert "equal: data, parameters, dataset's declaration, code, pinned packages" in told


@pytest.mark.parametrize(("value", "told"), [(0.00069, "+0.0007"), (-0.0005, "−0.0005"), (-0.00003, "0.0000")])
def test_a_difference_has_the_sign_that_gates_use(value: float, told: str) -> None:
    assert _signed(value) == told
