"""Kind `package`: a file inside a wheel or source archive of the Python package index."""

from collections.abc import Generator
from functools import partial
from pathlib import Path

from remint.config.source import PackageSource
from remint.sources import archive, kept, members, pip
from remint.sources.base import UnavailableError


def describe(source: PackageSource) -> str:
    """Name the alternative in an error."""
    return f"package {source.name} {source.version}, {source.path}"


def read(source: PackageSource) -> Generator[bytes]:
    """Give the file's content in pieces: out of the wheel, or out of the source archive where the wheel lacks it.

    Raises UnavailableError: no network, no such package or version, no such file inside (near names are listed).
    """
    key = ("package", source.name, source.version)
    with kept.archive(key, partial(pip.download, source.name, source.version)) as first:
        names = archive.names(first)
        if members.matching(source.path, names) or first.suffix != ".whl":
            yield from members.read(first, source.path)
            return
    yield from _from_source_archive(source, first.name, names)


def _from_source_archive(source: PackageSource, wheel: str, names: list[str]) -> Generator[bytes]:
    def download(folder: Path) -> Path:
        try:
            return pip.download(source.name, source.version, folder, "--no-binary", source.name)
        except UnavailableError:
            raise members.missing(source.path, wheel, names) from None

    with kept.archive(("source archive", source.name, source.version), download) as second:
        found = archive.names(second)
        if not members.matching(source.path, found):
            raise members.missing(source.path, wheel, names + found)
        yield from members.read(second, source.path)
