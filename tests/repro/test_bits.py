"""Run again, everything comes out the same to the last bit."""

from collections.abc import Callable

from remint.provenance import file_digests
from tests.conftest import Project


def test_a_forced_dvc_repro_changes_no_byte(finished: Project, copy_of: Callable[[Project], Project]) -> None:
    project = copy_of(finished)
    project.commit()
    before = file_digests(project.root / "data")
    project.call("dvc", "repro", "--force", "evaluate@adult-logistic")
    assert project.call("git", "diff", "--", "dvc.lock").stdout == ""
    assert file_digests(project.root / "data") == before
