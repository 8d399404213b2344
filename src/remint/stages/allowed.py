"""Which paths of the project a stage may open."""

import os
import re
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path
from urllib.parse import unquote, urlsplit

from remint import paths
from remint.stages.declared import Declared

STATE = (paths.STATE, paths.MLRUNS, Path(".dvc"), Path(".git"))
"Local state, the record, the tools' own files."
_NO_INPUT = (
    *(paths.STATE / name for name in ("inputs", "locks")),
    paths.TEMPORARY,
    paths.CHECKPOINTS,
    Path(".dvc/cache"),  # which DVC's links lead to
    paths.PIPELINE_FILE,
)
"What every stage may open: what it works with itself, and the declaration."
_CODE = ("src", "flows")
_CODE_ENDINGS = (".py", ".pyc", ".pyi", ".so")
_PYTHON = ("bin", "etc", "include", "lib", "lib64", "pyvenv.cfg", "share")
_CACHES = ("XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "MPLCONFIGDIR", "TORCHINDUCTOR_CACHE_DIR")
"Environment variables by which libraries choose where they keep what is their own."
_TEMPORARY = re.compile(r"^\.(.+)\.[^.]+\.(?:tmp|old)$")
"A file or folder on its way to its place, as `remint.files` names it."


class Allowed:
    """The paths below the working directory, which is the project's root, that a stage may open."""

    def __init__(self, declared: Declared, also: Iterable[Path] = ()) -> None:
        """Allow what is declared and, with all that lies below them, the paths of `also`."""
        self.root = Path.cwd().resolve()
        self._root = str(self.root)
        names = (*declared.dependencies, *declared.outputs, *declared.parameters)
        self._allowed = frozenset(
            self._absolute(path) for path in (*map(Path, names), *_NO_INPUT, *also, *_tools(self.root))
        )
        self._written_in = frozenset(self._absolute(Path(path).parent) for path in declared.outputs)
        self._code = tuple(self._absolute(Path(folder)) + os.sep for folder in _CODE)

    def refused(self, path: str | bytes | os.PathLike[str], listing: bool = False) -> str | None:
        """Give the path relative to the root where it is none that may be opened, else None.

        A name of the project stands for itself, wherever a link of it leads; a name outside for what it leads to. Where
        it is to be listed, a folder of code, or one that outputs lie in, is allowed, too.
        """
        name = os.fsdecode(path)
        name = os.path.normpath(name if name.startswith(os.sep) else f"{Path.cwd()}{os.sep}{name}")
        if not self._inside(name):
            name = os.path.realpath(name)
        if not self._inside(name) or self._holds(name, listing):
            return None
        return os.path.relpath(name, self._root)

    def _absolute(self, path: Path) -> str:
        return os.path.normpath(self._root / path)

    def _inside(self, name: str) -> bool:
        return name.startswith(self._root + os.sep) or name == self._root

    def _holds(self, name: str, listing: bool) -> bool:
        if name.startswith(self._code) and (listing or name.endswith(_CODE_ENDINGS) or ".egg-info" in name):
            return True
        if f"{os.sep}." in name[len(self._root) :]:
            name = str(Path(self._root, *map(_final, Path(name).relative_to(self._root).parts)))
        if f"{os.sep}__pycache__" in name or (listing and name in self._written_in):
            return True
        while name not in self._allowed and self._inside(name):
            name = name.rpartition(os.sep)[0]
        return name in self._allowed


def database_file(name: str | bytes | os.PathLike[str]) -> str:
    """Give the file that SQLite opens by a name, which may be a URI."""
    text = os.fsdecode(name)
    return unquote(urlsplit(text).path) if text.startswith("file:") else text


def _final(part: str) -> str:
    """Give the name that a temporary one stands for."""
    temporary = _TEMPORARY.match(part)
    return temporary[1] if temporary else part


def _tools(root: Path) -> Iterable[Path]:
    """Name where Python and its packages lie, temporary files, and caches, should they be inside the project.

    Each as it is named below the root, and as what it leads to; one that the project itself lies in is none.
    """
    prefixes, home = (Path(sys.prefix), Path(sys.base_prefix)), Path.home()
    named = [prefix / name for prefix in prefixes for name in _PYTHON]
    named += [home / name for name in (".cache", ".config", ".local")]
    named += [Path(os.environ[name]).expanduser() for name in _CACHES if os.environ.get(name)]
    named.append(Path(tempfile.gettempdir()))
    for path in named:
        real = path.resolve()
        if not root.is_relative_to(real):
            yield real
            yield from (root / path.relative_to(parent) for parent in path.parents if parent.resolve() == root)
