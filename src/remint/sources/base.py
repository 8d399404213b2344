"""What every kind of source shares.

A kind is a module of this package named like it, with `describe(source)` and `read(source)`, and a config class in
`config/source.py`; nothing else knows of it.
"""

import importlib
from collections.abc import Generator
from typing import BinaryIO, Protocol, cast

from remint import progress
from remint.config.source import Source
from remint.errors import DataError

CHUNK = 1 << 20


class UnavailableError(DataError):
    """One alternative cannot give its file; the message is the reason, in one line."""


class Kind(Protocol):
    """A module of this package that reads one kind of source."""

    def describe(self, source: Source) -> str:
        """Name the alternative in an error."""

    def read(self, source: Source) -> Generator[bytes]:
        """Give the file's content in pieces; report progress. Raises UnavailableError, whatever went wrong there."""


def kind(source: Source) -> Kind:
    """Give the module that reads such a source."""
    return cast(Kind, importlib.import_module(f"remint.sources.{source.kind}"))


def chunks(handle: BinaryIO, what: str, total: int | None) -> Generator[bytes]:
    """Read to the end, piece by piece; report bytes done of `total`, where that is known."""
    done = 0
    while piece := handle.read(CHUNK):
        yield piece
        done += len(piece)
        if total:
            progress.report(what, done, total)


def one_line(error: BaseException) -> str:
    """Give an error's text in one line, or its type where it has none."""
    return " ".join(str(error).split()) or type(error).__name__
