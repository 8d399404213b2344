"""Fetching a dataset's files: out of the cache of downloads, a mirror, or the declared alternatives in order.

The cache and a mirror name a file by its sha256. The environment variable REMINT_MIRROR is a folder or any URL that
fsspec reads; on a machine without internet it is all that is needed.
"""

import hashlib
import os
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path

from remint import paths
from remint.config.source import FileSource, Source, SourceFile, UrlSource
from remint.errors import DataError
from remint.files import writing
from remint.sources.base import UnavailableError, kind
from remint.sources.gunzip import gunzipped

MIRROR = "REMINT_MIRROR"


class _OtherContentError(UnavailableError):
    """The alternative gave a file, but not the declared one."""


def fetch(file_name: str, file: SourceFile) -> Path:
    """Give the path of a file whose sha256 is the declared one; it holds nothing else, however a download ended.

    Raises DataError with each alternative and why it failed, and RemintError where the disk cannot be written.
    """
    target = paths.DOWNLOADS / file.sha256
    if target.is_file() and sha256_of(target) == file.sha256:
        return target
    failures: list[tuple[str, UnavailableError]] = []
    for label, source in _places(file):
        try:
            _store(source, file, target)
            return target
        except UnavailableError as error:
            failures.append((label, error))
    raise unfetched(file_name, failures)


def receive(source: Source, target: Path, gunzip: bool) -> str:
    """Write what an alternative gives, or what is inside its gzip, to a new file; give the sha256 of what was written.

    Raises UnavailableError.
    """
    digest = hashlib.sha256()
    with target.open("wb") as handle, closing(kind(source).read(source)) as pieces:
        for piece in gunzipped(pieces) if gunzip else pieces:
            digest.update(piece)
            handle.write(piece)
    return digest.hexdigest()


def unfetched(file_name: str, failures: Iterable[tuple[str, UnavailableError]]) -> DataError:
    """Tell in one error, a line an alternative, why a file cannot be had."""
    failures = list(failures)
    lines = [f"{file_name} cannot be fetched:", *(f"  {label}: {error}" for label, error in failures)]
    if any(isinstance(error, _OtherContentError) for _, error in failures):
        lines.append(
            "If the content moved on purpose: `remint run --refresh` accepts it "
            f"where {paths.DATASETS_FILE} says `refresh: true` for the source."
        )
    return DataError("\n".join(lines))


def sha256_of(path: Path) -> str:
    """Give the sha256 of a file in hexadecimal."""
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def _store(source: Source, file: SourceFile, target: Path) -> None:
    with writing(target) as partial:
        found = receive(source, partial, file.gunzip)
        if found != file.sha256:
            raise _OtherContentError(f"sha256 is {found}; expected {file.sha256}")


def _places(file: SourceFile) -> Iterable[tuple[str, Source]]:
    mirror = os.environ.get(MIRROR)
    if mirror:
        source = _mirrored(mirror, file.sha256)
        yield f"{MIRROR}, {kind(source).describe(source)}", source
    for source in file.alternatives:
        yield kind(source).describe(source), source


def _mirrored(mirror: str, sha256: str) -> Source:
    if "://" in mirror:
        return UrlSource(kind="url", url=f"{mirror.rstrip('/')}/{sha256}")
    return FileSource(kind="file", path=str(Path(mirror) / sha256))
