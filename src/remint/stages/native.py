"""Letting libraries that open files in native code, unseen by Python, announce them as Python's own `open` does."""

import functools
import os
import sys
from collections.abc import Callable
from typing import Any

_ENTRIES = (
    ("pandas.io.parquet", "PyArrowImpl", "read", 1, os.O_RDONLY),
    ("pandas.io.parquet", "PyArrowImpl", "write", 2, os.O_WRONLY | os.O_CREAT),
    ("pyarrow.parquet.core", "ParquetFile", "__init__", 1, os.O_RDONLY),
    ("pyarrow.parquet.core", "ParquetDataset", "__init__", 1, os.O_RDONLY),
    ("pyarrow.parquet.core", "ParquetWriter", "__init__", 1, os.O_WRONLY | os.O_CREAT),
    ("safetensors", "", "safe_open", 0, os.O_RDONLY),
    ("safetensors.numpy", "", "safe_open", 0, os.O_RDONLY),
    ("safetensors.numpy", "", "save_file", 1, os.O_WRONLY | os.O_CREAT),
    ("safetensors.torch", "", "safe_open", 0, os.O_RDONLY),
    ("safetensors.torch", "", "save_file", 1, os.O_WRONLY | os.O_CREAT),
)
"Module, class or none, function, the place of the path among its arguments, and how it opens the path."


def announce_native_opens() -> None:
    """Wrap, once, the functions of `_ENTRIES` of modules that are loaded: each raises the audit event `open` first."""
    for module, owner, name, place, flags in _ENTRIES:
        holder: Any = sys.modules.get(module)
        holder = getattr(holder, owner, None) if owner else holder
        if holder is not None and not hasattr(getattr(holder, name), "announces"):
            setattr(holder, name, _announcing(getattr(holder, name), place, flags))


def _announcing(original: Callable[..., Any], place: int, flags: int) -> Callable[..., Any]:
    @functools.wraps(original, updated=())
    def announced(*arguments: Any, **named: Any) -> Any:
        path = arguments[place] if len(arguments) > place else None
        if isinstance(path, str | os.PathLike):
            sys.audit("open", os.fspath(path), None, flags)
        return original(*arguments, **named)

    announced.announces = True  # type: ignore[attr-defined]
    return announced
