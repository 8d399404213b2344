import subprocess
from dataclasses import replace

import pytest

from remint.errors import RemintError
from remint.proof.scratch import FOLDER, scratch_project
from tests.origins import commit, edit, git, lock, make_origin, make_project


@pytest.fixture
def project(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    make_project(tmp_path)
    commit(tmp_path)
    return tmp_path


def left(project):
    return [*FOLDER.iterdir()], git(project, "worktree", "list").splitlines()[1:]


def test_a_commit_with_its_uncommitted_changes_is_checked_out(project):
    edit(project / "src/remint/split.py", "VALUE = 1", "VALUE = 22")
    (project / "src/remint/new.py").write_text("NEW = 1\n")
    lock(project)
    origin = make_origin(project / "origin")
    edit(project / "src/remint/split.py", "VALUE = 22", "VALUE = 3")
    with scratch_project(origin, project / "origin") as root:
        assert "VALUE = 22" in (root / "src/remint/split.py").read_text()
        assert (root / "src/remint/new.py").exists()
        assert (root / "dvc.lock").read_text() == (project / "origin/dvc.lock").read_text()
        assert not (root / "data").exists()
        assert (root / ".remint/downloads").resolve() == (project / ".remint/downloads").resolve()
    assert left(project) == ([], [])


def test_a_project_in_a_folder_of_its_repository_is_found(tmp_path, monkeypatch):
    project = tmp_path / "models" / "people"
    project.mkdir(parents=True)
    make_project(project)
    monkeypatch.chdir(project)
    commit(tmp_path)
    edit(project / "src/remint/split.py", "VALUE = 1", "VALUE = 22")
    lock(project)
    origin = make_origin(tmp_path / "origin")
    with scratch_project(origin, tmp_path / "origin") as root:
        assert root.parts[-2:] == ("models", "people")
        assert "VALUE = 22" in (root / "src/remint/split.py").read_text()


def test_a_project_that_has_moved_in_its_repository_is_found_where_it_was(tmp_path, monkeypatch):
    project = tmp_path / "models" / "people"
    project.mkdir(parents=True)
    make_project(project)
    monkeypatch.chdir(project)
    commit(tmp_path)
    origin = make_origin(tmp_path / "origin")
    (tmp_path / "models").rename(tmp_path / "moved")
    monkeypatch.chdir(tmp_path / "moved/people")
    with scratch_project(origin, tmp_path / "origin") as root:
        assert root.parts[-2:] == ("models", "people")
    nowhere = replace(origin, prefix="moved/people/")
    with pytest.raises(RemintError, match=r"has no moved/people/params.yaml"):
        scratch_project(nowhere, tmp_path / "origin").__enter__()


def test_what_a_killed_verification_left_is_removed(project):
    origin = make_origin(project / "origin")
    code = (
        "import os, sys; from pathlib import Path; from remint.registry.origin import read_origin\n"
        "from remint.proof.scratch import scratch_project\n"
        "with scratch_project(read_origin(Path('origin')), Path('origin')): os.kill(os.getpid(), 9)"
    )
    assert subprocess.run(["python", "-c", code], cwd=project, check=False).returncode == -9
    assert len(left(project)[0]) == len(left(project)[1]) == 1
    with scratch_project(origin, project / "origin"):
        assert len(left(project)[0]) == len(left(project)[1]) == 1
    assert left(project) == ([], [])


def test_two_at_once_do_not_disturb_each_other(project):
    origin = make_origin(project / "origin")
    with scratch_project(origin, project / "origin") as first:
        with scratch_project(origin, project / "origin") as second:
            assert first != second
        assert (first / "params.yaml").exists()


def test_a_commit_that_the_repository_does_not_have_is_told(project, tmp_path_factory):
    origin = make_origin(project / "origin")
    other = tmp_path_factory.mktemp("other")
    subprocess.run(["git", "init", "-q", other], check=True)
    git(other, "commit", "-q", "--allow-empty", "-m", "other")
    git(other, "remote", "add", "upstream", str(project))
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(other)
        with pytest.raises(RemintError, match=f"git fetch upstream {origin.commit}"):
            scratch_project(origin, project / "origin").__enter__()


def test_a_shallow_clone_is_told_to_deepen(project, tmp_path_factory):
    origin = make_origin(project / "origin")
    git(project, "commit", "-q", "--allow-empty", "-m", "later")
    clone = tmp_path_factory.mktemp("clone")
    subprocess.run(["git", "clone", "-q", "--depth", "1", f"file://{project}", clone], check=True)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(clone)
        with pytest.raises(RemintError, match="git fetch --unshallow"):
            scratch_project(origin, project / "origin").__enter__()


def test_a_diff_that_does_not_apply_is_told(project):
    edit(project / "src/remint/split.py", "VALUE = 1", "VALUE = 22")
    lock(project)
    origin = make_origin(project / "origin")
    edit(project / "origin/uncommitted.diff", "-VALUE = 1", "-VALUE = 5")
    with pytest.raises(RemintError, match="do not apply"):
        scratch_project(origin, project / "origin").__enter__()
    assert left(project) == ([], [])


def test_a_version_from_outside_git_and_a_folder_outside_git_are_told(tmp_path, monkeypatch, project):
    made = make_origin(project / "origin")
    outside = tmp_path.parent / "outside"
    outside.mkdir(exist_ok=True)
    monkeypatch.chdir(outside)
    with pytest.raises(RemintError, match="not a git repository"):
        scratch_project(made, project / "origin").__enter__()
    object.__setattr__(made, "commit", None)
    with pytest.raises(RemintError, match="outside a git repository"):
        scratch_project(made, project / "origin").__enter__()
