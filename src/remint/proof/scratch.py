"""A scratch project: a version's commit in a worktree of its own, with the changes that no commit holds."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from remint import paths
from remint.errors import RemintError
from remint.files import scratch_folder
from remint.leftovers import mend_beside
from remint.registry.origin import DIFF, LOCK, Origin

FOLDER = paths.STATE / "verify"
_TOLD_BY_GIT = {"GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX", "GIT_OBJECT_DIRECTORY"}


@contextmanager
def scratch_project(origin: Origin, folder: Path) -> Iterator[Path]:
    """Give the absolute path of a project as a version's origin (in `folder`) tells; it is gone when the block ends.

    It shares this project's downloads and nothing else. Raises RemintError where git does not have the commit, or the
    uncommitted changes do not fit it.
    """
    prefix = _prefix(origin)
    sweep()
    with scratch_folder(FOLDER) as place:
        tree = (place / "tree").absolute()
        try:
            _check_out(tree, str(origin.commit))
            if origin.dirty:
                _apply(tree, (folder / DIFF).absolute())
            root = tree / prefix
            shutil.copyfile(folder / LOCK, root / paths.LOCK_FILE)
            _share_downloads(root)
            yield root
        finally:
            shutil.rmtree(tree, ignore_errors=True)
            _git("worktree", "prune")


def sweep() -> None:
    """Remove the scratch projects of processes that died."""
    mend_beside(FOLDER)
    _git("worktree", "prune")


def _check_out(tree: Path, commit: str) -> None:
    """Check a commit out, whatever hooks the user has."""
    done = _git("-c", "core.hooksPath=/dev/null", "worktree", "add", "--detach", "--quiet", str(tree), commit)
    if done.returncode:
        raise RemintError(f"git cannot check the version's commit out: {_told(done)}")


def _prefix(origin: Origin) -> str:
    """Give the project's folder in its repository, and make sure that the repository has the commit."""
    if origin.commit is None:
        raise RemintError(
            f"{origin.experiment} was trained outside a git repository, or before its first commit: its code cannot be "
            "had again; commit, then `remint run --force` registers a version that can be verified"
        )
    inside = _git("rev-parse", "--show-prefix")
    if inside.returncode:
        raise RemintError(f"this is not a git repository; verify where the project was cloned ({_told(inside)})")
    if _git("cat-file", "-e", f"{origin.commit}^{{commit}}").returncode:
        raise RemintError(f"this repository does not have the commit {origin.commit}; {_how_to_get(origin.commit)}")
    return inside.stdout.decode().strip()


def _how_to_get(commit: str) -> str:
    if _git("rev-parse", "--is-shallow-repository").stdout.strip() == b"true":
        return "it is a shallow clone: run `git fetch --unshallow`"
    remotes = _git("remote").stdout.decode().split()
    return f"run `git fetch {remotes[0] if remotes else 'URL'} {commit}`, or verify in a clone that has it"


def _apply(tree: Path, diff: Path) -> None:
    done = _git("apply", "--whitespace=nowarn", str(diff), folder=tree)
    if done.returncode:
        raise RemintError(f"the uncommitted changes that the version was trained with do not apply: {_told(done)}")


def _share_downloads(root: Path) -> None:
    paths.DOWNLOADS.mkdir(parents=True, exist_ok=True)
    target = root / paths.DOWNLOADS
    target.parent.mkdir(parents=True, exist_ok=True)
    target.symlink_to(paths.DOWNLOADS.absolute(), target_is_directory=True)


def _git(*arguments: str, folder: Path | None = None) -> "subprocess.CompletedProcess[bytes]":
    """Run git as in a terminal, though a hook of git's own may have started us."""
    variables = {name: value for name, value in os.environ.items() if name not in _TOLD_BY_GIT}
    try:
        return subprocess.run(["git", *arguments], capture_output=True, cwd=folder, env=variables, check=False)
    except FileNotFoundError:
        raise RemintError("git is not installed; a version's code comes from it") from None


def _told(done: "subprocess.CompletedProcess[bytes]") -> str:
    lines = done.stderr.decode(errors="replace").strip().splitlines()
    return lines[-1] if lines else f"git gave {done.returncode}"
