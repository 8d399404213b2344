"""What decides a training: digests of data and code, parameters, environment; and the state of the git tree."""

import ast
import hashlib
import json
import platform
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import remint

PACKAGES = ("torch", "pytorch-lightning", "numpy", "pandas", "pyarrow", "scikit-learn", "safetensors")
"Packages whose version can change the bits of any model; a family may name more."


@dataclass(frozen=True)
class GitState:
    """The tree that a run came from."""

    commit: str | None
    "None before the first commit."
    diff: str
    "What is not committed, as `git diff HEAD` prints it; empty for a clean tree."

    @property
    def dirty(self) -> bool:
        """Whether anything is not committed."""
        return bool(self.diff)


def file_digests(path: Path) -> dict[str, str]:
    """Give the sha256 of a file, or of each file below a folder, by its path; caches of Python are left out."""
    files = sorted(path.rglob("*")) if path.is_dir() else [path]
    return {file.as_posix(): _sha256(file) for file in files if file.is_file() and "__pycache__" not in file.parts}


def content_digest(path: Path) -> str:
    """Give the sha256 of a file's content, or of a folder's relative paths and contents."""
    if not path.is_dir():
        return _sha256(path)
    whole = hashlib.sha256()
    for file, digest in file_digests(path).items():
        whole.update(f"{Path(file).relative_to(path).as_posix()}\0{digest}\n".encode())
    return whole.hexdigest()


def code_closure(*roots: str) -> tuple[Path, ...]:
    """Give the files of the first-party modules that `roots` import, directly or not, the roots included.

    Read off the import statements, not off what this process has loaded, so that it is the same whoever runs a stage.
    `__init__` files hold no code (a test says so) and are left out.
    """
    found: dict[str, Path] = {}
    waiting = list(roots)
    while waiting:
        name = waiting.pop()
        file = _module_file(name)
        if name in found or file is None:
            continue
        found[name] = file
        waiting.extend(_imports(file))
    return tuple(sorted(found.values()))


def fingerprint(
    inputs: Iterable[Path], section: dict[str, Any], code: Iterable[Path], packages: Iterable[str] = ()
) -> dict[str, Any]:
    """Give `{"fingerprint": sha256, "parts": {"data", "parameters", "code", "environment"}}`.

    `inputs` are files or folders relative to the project's root, `code` files inside the package, `packages` those that
    the model needs beside `PACKAGES`.
    """
    root = _package_root()
    parts = {
        "data": {path.as_posix(): content_digest(path) for path in inputs},
        "parameters": section,
        "code": {path.relative_to(root).as_posix(): content_digest(path) for path in code},
        "environment": environment(packages),
    }
    canonical = json.dumps(parts, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return {"fingerprint": hashlib.sha256(canonical.encode()).hexdigest(), "parts": parts}


def environment(packages: Iterable[str] = ()) -> dict[str, str]:
    """Give what can change a training's bits beside data, parameters and code: interpreter, packages, instructions.

    The packages are `PACKAGES` and those given, `absent` for one that is not installed.
    """
    found = {"python": platform.python_version(), "machine": platform.machine(), "instructions": _instructions()}
    return {**found, **{name: _version(name) for name in (*PACKAGES, *packages)}}


def git_state() -> GitState:
    """Look at the git tree around the working directory; `dvc.lock` and outputs do not count as changes."""
    commit = _git("rev-parse", "--verify", "--quiet", "HEAD")
    if commit is None:
        return GitState(None, "")
    return GitState(commit.strip(), _git("diff", "HEAD", "--", ".", ":(exclude)dvc.lock") or "")


def _git(*arguments: str) -> str | None:
    done = subprocess.run(["git", *arguments], capture_output=True, check=False)
    return done.stdout.decode(errors="replace") if done.returncode == 0 else None


def _package_root() -> Path:
    return Path(remint.__path__[0]).resolve()


def _sha256(file: Path) -> str:
    with file.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def _module_file(name: str) -> Path | None:
    file = _package_root().parent.joinpath(*name.split(".")).with_suffix(".py")
    return file if file.is_file() else None


def _imports(file: Path) -> list[str]:
    """List what a file imports, anywhere in it, as names that may be modules of remint."""
    names: list[str] = []
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names += [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
    return [name for name in names if name.startswith("remint.")]


@cache
def _instructions() -> str:
    """Name the vector instructions that torch uses on this processor."""
    import torch

    return torch.backends.cpu.get_cpu_capability()


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "absent"
