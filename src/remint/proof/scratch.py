"""A scratch project: a version's commit in a worktree of its own, with the changes that no commit holds."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from remint import paths
from remint.errors import RemintError
from remint.files import scratch_folder
from remint.git import ask_git, has_commit, run_git
from remint.leftovers import mend_beside
from remint.registry.origin import DIFF, LOCK, Origin

FOLDER = paths.STATE / "verify"


@contextmanager
def scratch_project(origin: Origin, folder: Path) -> Iterator[Path]:
    """Give the absolute path of a project as a version's origin (in `folder`) tells; it is gone when the block ends.

    It shares this project's downloads and nothing else. Raises RemintError where git does not have the commit, or the
    uncommitted changes do not fit it.
    """
    commit = _commit(origin)
    sweep()
    with scratch_folder(FOLDER) as place:
        tree = (place / "tree").absolute()
        try:
            _check_out(tree, commit)
            if origin.dirty:
                _apply(tree, (folder / DIFF).absolute())
            root = tree / origin.prefix
            if not (root / paths.PARAMS_FILE).is_file():
                raise RemintError(
                    f"commit {commit} has no {origin.prefix}{paths.PARAMS_FILE}: it holds no project there"
                )
            shutil.copyfile(folder / LOCK, root / paths.LOCK_FILE)
            _share_downloads(root)
            yield root
        finally:
            shutil.rmtree(tree, ignore_errors=True)
            ask_git("worktree", "prune")


def sweep() -> None:
    """Remove the scratch projects of processes that died."""
    mend_beside(FOLDER)
    ask_git("worktree", "prune")


def _check_out(tree: Path, commit: str) -> None:
    """Check a commit out, whatever hooks the user has."""
    try:
        run_git("-c", "core.hooksPath=/dev/null", "worktree", "add", "--detach", "--quiet", str(tree), commit)
    except RemintError as error:
        raise RemintError(f"git cannot check the version's commit out: {error}") from None


def _commit(origin: Origin) -> str:
    """Give a version's commit, and make sure that the repository has it."""
    if origin.commit is None:
        raise RemintError(
            f"{origin.experiment} was trained outside a git repository, or before its first commit: its code cannot be "
            f"had again; commit, then `remint run {origin.experiment}` gives the version a commit"
        )
    try:
        run_git("rev-parse", "--git-dir")
    except RemintError as error:
        raise RemintError(f"this is not a git repository; verify where the project was cloned ({error})") from None
    if not has_commit(origin.commit):
        raise RemintError(f"this repository does not have the commit {origin.commit}; {_how_to_get(origin)}")
    return origin.commit


def _how_to_get(origin: Origin) -> str:
    if (ask_git("rev-parse", "--is-shallow-repository") or b"").strip() == b"true":
        return "it is a shallow clone: run `git fetch --unshallow`"
    remotes = (ask_git("remote") or b"").decode().split()
    return (
        f"run `git fetch {remotes[0] if remotes else 'URL'} {origin.commit}`, verify in a clone that has it, or, if no "
        f"clone does, give the version the commit of now by `remint run {origin.experiment}`"
    )


def _apply(tree: Path, diff: Path) -> None:
    try:
        run_git("apply", "--whitespace=nowarn", str(diff), folder=tree)
    except RemintError as error:
        raise RemintError(f"the uncommitted changes that the version was trained with do not apply: {error}") from None


def _share_downloads(root: Path) -> None:
    paths.DOWNLOADS.mkdir(parents=True, exist_ok=True)
    target = root / paths.DOWNLOADS
    target.parent.mkdir(parents=True, exist_ok=True)
    target.symlink_to(paths.DOWNLOADS.absolute(), target_is_directory=True)
