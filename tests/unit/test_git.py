"""The diff of a tree makes the tree of its commit, whatever is in it and whatever the user's settings are."""

import os
import subprocess
from pathlib import Path

import pytest

from remint.errors import RemintError
from remint.git import GitState, git_state, has_commit, head, keep_commit

IDENTITY = {
    **{f"GIT_{who}_{what}": "t@t" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")},
    "GIT_CONFIG_NOSYSTEM": "1",
}
UNUSUAL = """[diff]
external = false
noprefix = true
mnemonicPrefix = true
renames = copies
context = 0
algorithm = patience
relative = true
interHunkContext = 9
suppressBlankEmpty = true
autoRefreshIndex = false
[color]
ui = always
[diff "own"]
xfuncname = "^src/"
[diff "default"]
xfuncname = "^src/"
[core]
quotePath = false
abbrev = 4
attributesFile = {attributes}
"""


def git(folder: Path, *arguments: str, told: str = "") -> str:
    done = subprocess.run(["git", *arguments], cwd=folder, input=told.encode(), capture_output=True, check=False)
    assert not done.returncode, done.stderr.decode()
    return done.stdout.decode()


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository with a project of each kind of file, committed; the working directory."""
    for name, value in {**IDENTITY, "GIT_CONFIG_GLOBAL": str(tmp_path / "settings")}.items():
        monkeypatch.setenv(name, value)
    root = tmp_path / "tree"
    (root / "src").mkdir(parents=True)
    lines = "".join(f"line {i}\n" if i % 4 else "\n" for i in range(30))
    for name in ("params.yaml", "dvc.lock", "src/a.py", "src/moved.py", "src/gone.py", "src/tool.sh", "src/turns.py"):
        (root / name).write_text(name + "\n" + lines)
    (root / "src/latin.py").write_bytes("# \xe9t\xe9\n".encode("latin-1") + lines.encode())
    (root / "src/picture.bin").write_bytes(bytes(range(256)))
    git(root, "init", "-q")
    git(root, "add", "-A")
    git(root, "commit", "-qm", "first")
    monkeypatch.chdir(root)
    return root


def change(root: Path) -> None:
    """Change the tree in every way that git knows."""
    src = root / "src"
    (src / "a.py").write_text((src / "a.py").read_text().replace("line 7", "zeile 7\r"))
    (src / "moved.py").rename(src / "renamed.py")
    (src / "gone.py").unlink()
    (src / "tool.sh").chmod(0o755)
    (src / "turns.py").unlink()
    (src / "turns.py").symlink_to("a.py")
    (src / "picture.bin").write_bytes(bytes(range(255, -1, -1)))
    (src / "späte datei.py").write_text("x = 'ü'")
    (src / "empty.py").write_text("")
    (src / "new.bin").write_bytes(b"\0\1\2")
    (root / "constraints.txt").write_text("a==1\n")
    (root / "dvc.lock").write_text("other\n")
    (root / "notes.txt").write_text("mine\n")


def content(root: Path) -> dict[str, tuple[bool, str | bytes]]:
    """Give what git would keep of each file that counts."""
    files = {path.relative_to(root).as_posix(): path for path in root.rglob("*") if ".git" not in path.parts}
    return {
        name: (os.access(path, os.X_OK), str(path.readlink()) if path.is_symlink() else path.read_bytes())
        for name, path in files.items()
        if (path.is_file() or path.is_symlink()) and name not in ("dvc.lock", "notes.txt")
    }


def minted(root: Path, state: GitState, scratch: Path) -> Path:
    git(root, "worktree", "add", "-q", "--detach", str(scratch), str(state.commit))
    git(scratch, "apply", "--whitespace=nowarn", "-", told=state.diff)
    return scratch


@pytest.mark.parametrize("encoding", ["utf-8", "latin-1"])
def test_the_diff_makes_the_tree(tree: Path, tmp_path: Path, encoding: str) -> None:
    change(tree)
    if encoding == "latin-1":
        (tree / "src/latin.py").write_bytes((tree / "src/latin.py").read_bytes() + b"# \xe8\n")
    state = git_state()
    assert state.dirty
    assert content(minted(tree, state, tmp_path / "scratch")) == content(tree)
    assert "notes.txt" not in state.diff
    assert "dvc.lock" not in state.diff


def test_the_users_settings_do_not_change_the_diff(tree: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    change(tree)
    plain = git_state()
    attributes = tmp_path / "attributes"
    attributes.write_text("a.py diff=own\n")
    (tmp_path / "settings").write_text(UNUSUAL.format(attributes=attributes))
    monkeypatch.setenv("GIT_DIFF_OPTS", "--unified=0")
    monkeypatch.setenv("GIT_EXTERNAL_DIFF", "false")
    os.utime(tree / "params.yaml")  # looks changed until git reads it
    assert git_state() == plain


def test_the_index_stays_as_it_is(tree: Path) -> None:
    change(tree)
    before = (tree / ".git/index").read_bytes()
    git_state()
    assert (tree / ".git/index").read_bytes() == before


def test_a_project_in_a_folder_of_a_repository(tree: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    project = tree / "project"
    (project / "src").mkdir(parents=True)
    (project / "src/own.py").write_text("1\n")
    git(tree, "add", "-A")
    git(tree, "commit", "-qm", "second")
    (project / "src/own.py").write_text("2\n")
    (project / "src/more.py").write_text("3\n")
    (project / "dvc.lock").write_text("made\n")
    (tree / "src/a.py").write_text("another project's\n")
    monkeypatch.chdir(project)
    assert git_state().prefix == "project/"
    scratch = minted(tree, git_state(), tmp_path / "scratch")
    assert (scratch / "project/src/own.py").read_text() == "2\n"
    assert (scratch / "project/src/more.py").read_text() == "3\n"
    assert not (scratch / "project/dvc.lock").exists()
    assert "another" not in (scratch / "src/a.py").read_text()


def test_a_project_that_is_a_submodule_or_a_worktree(
    tree: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    outer = tmp_path / "outer"
    outer.mkdir()
    git(outer, "init", "-q")
    git(outer, "-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(tree), "inner")
    git(tree, "worktree", "add", "-q", "--detach", str(tmp_path / "linked"))
    for place in (outer / "inner", tmp_path / "linked"):
        monkeypatch.chdir(place)
        assert not git_state().dirty
        (place / "src/new.py").write_text("1\n")
        assert "+++ b/src/new.py" in git_state().diff
        assert git_state().commit == git(tree, "rev-parse", "HEAD").strip()


def test_a_clean_tree_is_not_dirty(tree: Path) -> None:
    (tree / "dvc.lock").write_text("other\n")
    (tree / "notes.txt").write_text("mine\n")
    assert git_state() == GitState(git(tree, "rev-parse", "HEAD").strip(), "")


def test_without_git_or_a_commit_nothing_is_known(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert git_state() == GitState(None, "")
    git(tmp_path, "init", "-q")
    assert git_state() == GitState(None, "")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert git_state() == GitState(None, "")


def test_what_git_is_told_not_to_look_at_is_in_the_diff(tree: Path, tmp_path: Path) -> None:
    git(tree, "update-index", "--assume-unchanged", "src/a.py", "src/gone.py")
    git(tree, "update-index", "--skip-worktree", "src/moved.py", "src/gone.py")
    for name in ("a.py", "moved.py", "gone.py"):
        (tree / "src" / name).write_text("other\n")
    (tree / ".gitignore").write_text("secret*\n")
    git(tree, "add", ".gitignore")
    git(tree, "commit", "-qm", "second")
    (tree / "src/remint/models").mkdir(parents=True)
    for name in ("src/remint/models/secret.py", "secret.txt"):
        (tree / name).write_text("1\n")
    scratch = minted(tree, git_state(), tmp_path / "scratch")
    for name in ("a.py", "moved.py", "gone.py"):
        assert (scratch / "src" / name).read_text() == "other\n"
    assert (scratch / "src/remint/models/secret.py").read_text() == "1\n"
    assert not (scratch / "secret.txt").exists()


def test_what_a_sparse_checkout_left_out_is_no_change(tree: Path) -> None:
    git(tree, "update-index", "--skip-worktree", "src/gone.py")
    (tree / "src/gone.py").unlink()
    assert not git_state().dirty


def test_a_hook_of_another_repository_does_not_lead_astray(
    tree: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    change(tree)
    plain = git_state()
    other = tmp_path / "other"
    git(tmp_path, "init", "-q", str(other))
    for name, value in {
        "DIR": other / ".git",
        "INDEX_FILE": other / "index",
        "WORK_TREE": other,
        "PREFIX": "x/",
    }.items():
        monkeypatch.setenv(f"GIT_{name}", str(value))
    assert git_state() == plain


def test_a_diff_that_fails_is_no_clean_tree(tree: Path) -> None:
    blob = git(tree, "rev-parse", "HEAD:params.yaml").strip()
    (tree / ".git/objects" / blob[:2] / blob[2:]).unlink()
    (tree / "params.yaml").write_text("other\n")
    with pytest.raises(RemintError, match=blob):
        git_state()


def test_a_kept_commit_stays_when_it_is_amended(tree: Path) -> None:
    first, second = (git(tree, "commit", "--allow-empty", "-qm", m) or str(head()) for m in ("first", "second"))
    keep_commit(second)
    git(tree, "reset", "-q", "--hard", "HEAD~2")
    git(tree, "reflog", "expire", "--expire=now", "--all")
    git(tree, "gc", "-q", "--prune=now")
    assert has_commit(second)
    assert has_commit(first)
    git(tree, "update-ref", "-d", f"refs/remint/{second}")
    git(tree, "gc", "-q", "--prune=now")
    assert not has_commit(second)
