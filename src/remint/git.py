"""The git tree that a run comes from: its commit, and what makes the tree of it."""

import os
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

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
_OWN_FILES = ("src", "flows", ":(glob)*.yaml", ":(glob)*.toml", "constraints.txt")
"Of the files that git does not know those that count; data and notes do not."


@dataclass(frozen=True)
class GitState:
    """The tree that a run came from."""

    commit: str | None
    "None before the first commit."
    diff: str
    "What `git apply` onto the commit makes the tree; UTF-8, ends in a newline; empty for a clean tree."

    @property
    def dirty(self) -> bool:
        """Whether anything is not committed."""
        return bool(self.diff)


def git_state() -> GitState:
    """Look at the git tree of the working directory, which may be a folder of the repository.

    Its changes are those below the working directory, and new files that are the project's own (code, declarations);
    `dvc.lock`, which stages write, is left out, as is what changed inside a submodule. Where there is no git or no
    commit, the state is unknown: no commit, no diff.
    """
    commit, index = _git("rev-parse", "--verify", "--quiet", "HEAD"), _git("rev-parse", "--git-path", "index")
    if commit is None or index is None:
        return GitState(None, "")
    with tempfile.TemporaryDirectory() as folder:
        own = Path(folder) / "index"  # new files are announced in a copy: the user's index stays as it is
        source = Path(os.fsdecode(index).rstrip("\n"))
        if source.exists():
            shutil.copy2(source, own)  # with its time, by which git knows which files to look at
        _announce_new_files(own)
        return GitState(commit.decode().strip(), _diff(own))


def _announce_new_files(index: Path) -> None:
    listed = _git("ls-files", "--others", "--exclude-standard", "-z", "--", *_OWN_FILES) or b""
    files = [name for name in listed.split(b"\0") if name and not name.endswith(b"/")]  # no repository inside this one
    if files:
        told = ("--pathspec-from-file=-", "--pathspec-file-nul")
        _git("--literal-pathspecs", "add", "--intent-to-add", *told, index=index, told=b"\0".join(files))


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
    return _git(*settings, "diff", *_OPTIONS, "HEAD", "--", ".", ":(exclude)dvc.lock", index=index) or b""


def _git(*arguments: str, index: Path | None = None, told: bytes = b"") -> bytes | None:
    """Run git; give what it prints, None where it fails or is not there."""
    variables = {name: value for name, value in os.environ.items() if name != "GIT_DIFF_OPTS"}
    if index is not None:
        variables["GIT_INDEX_FILE"] = str(index)
    try:
        done = subprocess.run(["git", *arguments], capture_output=True, check=False, input=told, env=variables)
    except FileNotFoundError:
        return None
    return done.stdout if done.returncode == 0 else None
