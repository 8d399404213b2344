"""The git tree that a run comes from: its commit, and what makes the tree of it."""

import os
import re
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from remint.errors import RemintError

_SETTINGS = {"core.quotePath": "true", "diff.suppressBlankEmpty": "false", "diff.autoRefreshIndex": "true"}
_OPTIONS = (
    "--binary",
    "--full-index",
    "--no-color",
    "--no-ext-diff",
    "--no-textconv",
    "--no-renames",
    "--no-relative",
    "--submodule=short",
    "--ignore-submodules=dirty",
    "--src-prefix=a/",
    "--dst-prefix=b/",
    "--line-prefix=",
    "--unified=3",
    "--inter-hunk-context=0",
    "--diff-algorithm=myers",
    "--indent-heuristic",
    "-O/dev/null",
)
"Every option that a user's settings could change is given, so that one tree has one diff."
_HEADER = re.compile(rb"^(@@ -\S+ \+\S+ @@).*$", re.MULTILINE)
"Head of a hunk; which line stands behind it is a matter of the user's attributes, and `git apply` needs none."
_OWN_FILES = ("src", "flows", ":(glob)*.yaml", ":(glob)*.toml", "constraints.txt")
"Of the files that git does not know those that count; data and notes do not."
_CODE = ":(glob)src/remint/**/*.py"
"Files that count even where git is told to ignore them: stages run them."
_TOLD_BY_GIT = {
    "GIT_DIR",
    "GIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "GIT_PREFIX",
    "GIT_COMMON_DIR",
    "GIT_NAMESPACE",
    "GIT_OBJECT_DIRECTORY",
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_QUARANTINE_PATH",
    "GIT_DIFF_OPTS",
}
"What git sets for its hooks, and what would change a diff."


@dataclass(frozen=True)
class GitState:
    """The tree that a run came from."""

    commit: str | None
    "None before the first commit."
    diff: str
    "What `git apply` onto the commit makes the tree; UTF-8, ends in a newline; empty for a clean tree."
    prefix: str = ""
    "The working directory below the repository's root, such as `models/people/`."

    @property
    def dirty(self) -> bool:
        """Whether anything is not committed."""
        return bool(self.diff)


def git_state() -> GitState:
    """Look at the git tree of the working directory, which may be a folder of the repository.

    Its changes are those below the working directory, and new files that are the project's own (code, even where git
    ignores it, and declarations); `dvc.lock`, which stages write, is left out, as is what changed inside a submodule.
    Where there is no git or no commit, the state is unknown: no commit, no diff. Raises RemintError where git fails.
    """
    commit, index = head(), ask_git("rev-parse", "--git-path", "index")
    if commit is None or index is None:
        return GitState(None, "")
    with tempfile.TemporaryDirectory() as folder:
        own = Path(folder) / "index"  # new files are announced in a copy: the user's index stays as it is
        source = Path(os.fsdecode(index).rstrip("\n"))
        if source.exists():
            shutil.copy2(source, own)  # with its time, by which git knows which files to look at
        _look_at_all(own)
        _announce_new_files(own)
        return GitState(commit, _diff(own), os.fsdecode(run_git("rev-parse", "--show-prefix")).rstrip("\n"))


def head() -> str | None:
    """Give the id of the commit of the working directory; None without git, a repository or a commit."""
    found = ask_git("rev-parse", "--verify", "--quiet", "HEAD")
    return None if found is None else found.decode().strip()


def has_commit(commit: str) -> bool:
    """Tell whether the repository has a commit."""
    return ask_git("cat-file", "-e", f"{commit}^{{commit}}") is not None


def keep_commit(commit: str) -> None:
    """Name a commit `refs/remint/COMMIT`, so that `git gc` keeps it when no branch has it any more.

    `git push REMOTE 'refs/remint/*'` gives it to others. Raises RemintError where git fails.
    """
    run_git("update-ref", f"refs/remint/{commit}", commit)


def ask_git(*arguments: str, told: bytes = b"") -> bytes | None:
    """Run git; give what it prints, None where it fails or is not there."""
    try:
        return run_git(*arguments, told=told)
    except RemintError:
        return None


def run_git(*arguments: str, told: bytes = b"", index: Path | None = None, folder: Path | None = None) -> bytes:
    """Run git as in a terminal, though a hook of git's own may have started us; give what it prints.

    `told` is what it reads, `index` another index, `folder` where it runs. Raises RemintError with git's last line.
    """
    variables = own_variables() | ({} if index is None else {"GIT_INDEX_FILE": str(index)})
    try:
        done = subprocess.run(
            ["git", *arguments], capture_output=True, check=False, input=told, env=variables, cwd=folder
        )
    except FileNotFoundError:
        raise RemintError("git is not installed; a version's code comes from it") from None
    if done.returncode:
        lines = done.stderr.decode(errors="replace").strip().splitlines()
        raise RemintError(lines[-1] if lines else f"git {arguments[0]} gave {done.returncode}")
    return done.stdout


def own_variables() -> dict[str, str]:
    """Give the environment without what git tells its hooks, which would lead git to another tree or index."""
    return {name: value for name, value in os.environ.items() if name not in _TOLD_BY_GIT}


def _look_at_all(index: Path) -> None:
    """Take off the marks by which git does not look at files; those that a sparse checkout left out stay so."""
    listed = run_git("ls-files", "-v", "-z", index=index).decode(errors="surrogateescape").split("\0")
    marked = [entry[2:] for entry in listed if entry and (entry[0].islower() or entry[0] == "S")]
    names = b"".join(os.fsencode(name) + b"\0" for name in marked if os.path.lexists(name))
    for option in ("--no-assume-unchanged", "--no-skip-worktree") if names else ():
        run_git("update-index", option, "-z", "--stdin", index=index, told=names)


def _announce_new_files(index: Path) -> None:
    unknown = ("ls-files", "--others", "--exclude-standard", "-z")
    listed = run_git(*unknown, "--", *_OWN_FILES) + run_git(*unknown, "--ignored", "--", _CODE)
    files = [name for name in listed.split(b"\0") if name and not name.endswith(b"/")]  # no repository inside this one
    if files:
        told = ("--pathspec-from-file=-", "--pathspec-file-nul")
        names = b"\0".join(files)
        run_git("--literal-pathspecs", "add", "--force", "--intent-to-add", *told, index=index, told=names)


def _diff(index: Path) -> str:
    """Give the diff as text. Where files are in another encoding all count as binary: such a diff is ASCII."""
    try:
        return _git_diff(index).decode()
    except UnicodeDecodeError:
        attributes = index.with_name("attributes")
        attributes.write_text("* -diff\n", encoding="utf-8")
        return _git_diff(index, **{"core.attributesFile": str(attributes)}).decode(errors="replace")


def _git_diff(index: Path, **more: str) -> bytes:
    settings = [part for key, value in {**_SETTINGS, **more}.items() for part in ("-c", f"{key}={value}")]
    made = run_git(*settings, "diff", *_OPTIONS, "HEAD", "--", ".", ":(exclude)dvc.lock", index=index)
    return _HEADER.sub(rb"\1", made)
