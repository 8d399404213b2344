"""Letting libraries that open files in native code, unseen by Python, announce them as Python's own `open` does.

A function that was imported by its name before it is wrapped stays unseen there.
"""

import functools
import os
import sys
from collections.abc import Callable, Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

_WRITE = os.O_WRONLY | os.O_CREAT


class _Entry(NamedTuple):
    """A function that opens a path, or a list of paths."""

    module: str
    owner: str
    "Its class, or none."
    name: str
    place: int
    "Of the path among its arguments."
    argument: str
    "The path's name."
    flags: int


_ENTRIES = (
    _Entry("pandas.io.parquet", "PyArrowImpl", "read", 1, "path", os.O_RDONLY),
    _Entry("pandas.io.parquet", "PyArrowImpl", "write", 2, "path", _WRITE),
    _Entry("pyarrow", "", "memory_map", 0, "path", os.O_RDONLY),
    _Entry("pyarrow", "", "create_memory_map", 0, "path", _WRITE),
    _Entry("pyarrow", "", "input_stream", 0, "source", os.O_RDONLY),
    _Entry("pyarrow", "", "output_stream", 0, "source", _WRITE),
    _Entry("pyarrow.csv", "", "read_csv", 0, "input_file", os.O_RDONLY),
    _Entry("pyarrow.csv", "", "open_csv", 0, "input_file", os.O_RDONLY),
    _Entry("pyarrow.csv", "", "write_csv", 1, "output_file", _WRITE),
    _Entry("pyarrow.dataset", "", "dataset", 0, "source", os.O_RDONLY),
    _Entry("pyarrow.dataset", "", "parquet_dataset", 0, "metadata_path", os.O_RDONLY),
    _Entry("pyarrow.feather", "", "read_feather", 0, "source", os.O_RDONLY),
    _Entry("pyarrow.feather", "", "read_table", 0, "source", os.O_RDONLY),
    _Entry("pyarrow.feather", "", "write_feather", 1, "dest", _WRITE),
    _Entry("pyarrow.ipc", "", "open_file", 0, "source", os.O_RDONLY),
    _Entry("pyarrow.ipc", "", "open_stream", 0, "source", os.O_RDONLY),
    _Entry("pyarrow.ipc", "", "new_file", 0, "sink", _WRITE),
    _Entry("pyarrow.ipc", "", "new_stream", 0, "sink", _WRITE),
    _Entry("pyarrow.json", "", "read_json", 0, "input_file", os.O_RDONLY),
    _Entry("pyarrow.orc", "", "read_table", 0, "source", os.O_RDONLY),
    _Entry("pyarrow.orc", "ORCFile", "__init__", 1, "source", os.O_RDONLY),
    _Entry("pyarrow.orc", "ORCWriter", "__init__", 1, "where", _WRITE),
    _Entry("pyarrow.parquet", "", "read_metadata", 0, "where", os.O_RDONLY),
    _Entry("pyarrow.parquet", "", "read_schema", 0, "where", os.O_RDONLY),
    _Entry("pyarrow.parquet.core", "", "read_metadata", 0, "where", os.O_RDONLY),
    _Entry("pyarrow.parquet.core", "", "read_schema", 0, "where", os.O_RDONLY),
    _Entry("pyarrow.parquet.core", "ParquetFile", "__init__", 1, "source", os.O_RDONLY),
    _Entry("pyarrow.parquet.core", "ParquetDataset", "__init__", 1, "path_or_paths", os.O_RDONLY),
    _Entry("pyarrow.parquet.core", "ParquetWriter", "__init__", 1, "where", _WRITE),
    _Entry("safetensors", "", "safe_open", 0, "filename", os.O_RDONLY),
    _Entry("safetensors.numpy", "", "safe_open", 0, "filename", os.O_RDONLY),
    _Entry("safetensors.numpy", "", "save_file", 1, "filename", _WRITE),
    _Entry("safetensors.torch", "", "safe_open", 0, "filename", os.O_RDONLY),
    _Entry("safetensors.torch", "", "save_file", 1, "filename", _WRITE),
)
_MODULES = frozenset(entry.module for entry in _ENTRIES)


@functools.cache
def announce_native_opens() -> None:
    """Let each function of `_ENTRIES` raise the audit event `open` first: of modules that are loaded, or will be."""
    sys.meta_path.insert(0, _Finder())
    for name in _MODULES & sys.modules.keys():
        _wrap(sys.modules[name])


class _Finder(MetaPathFinder):
    """Wraps the functions of a module as soon as it is loaded, before anyone imports them by their names."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Find a module of `_ENTRIES` as Python does."""
        spec = PathFinder.find_spec(fullname, path, target) if fullname in _MODULES else None
        if spec is not None and spec.loader is not None:
            load = spec.loader.exec_module

            def load_and_wrap(module: ModuleType) -> None:
                load(module)
                _wrap(module)

            spec.loader.exec_module = load_and_wrap  # type: ignore[method-assign]
        return spec


def _wrap(module: ModuleType) -> None:
    for entry in _ENTRIES:
        if entry.module == module.__name__:
            holder = getattr(module, entry.owner) if entry.owner else module
            original = getattr(holder, entry.name)
            if not hasattr(original, "announces"):
                setattr(holder, entry.name, _announcing(original, entry))


def _announcing(original: Callable[..., Any], entry: _Entry) -> Callable[..., Any]:
    @functools.wraps(original, updated=())
    def announced(*arguments: Any, **named: Any) -> Any:
        given = arguments[entry.place] if len(arguments) > entry.place else named.get(entry.argument)
        for path in given if isinstance(given, list | tuple) else (given,):
            if isinstance(path, str | os.PathLike):
                _announce(os.fspath(path), entry.flags)
        return original(*arguments, **named)

    announced.announces = True  # type: ignore[attr-defined]
    return announced


def _announce(path: str, flags: int) -> None:
    """Announce a file as opened; a folder, whose files are read, as listed."""
    if flags == os.O_RDONLY and Path(path).is_dir():
        sys.audit("os.listdir", path)
    else:
        sys.audit("open", path, None, flags)
