"""Kind `file`: a file on this machine."""

from collections.abc import Generator
from pathlib import Path

from remint.config.messages import nearest
from remint.config.source import FileSource
from remint.sources.base import UnavailableError, chunks


def describe(source: FileSource) -> str:
    """Name the alternative in an error."""
    return f"file {source.path}"


def read(source: FileSource) -> Generator[bytes]:
    """Give the file's content in pieces.

    Raises UnavailableError where there is no such file, or none that may be read.
    """
    path = Path(source.path).expanduser()
    try:
        with path.open("rb") as handle:
            yield from chunks(handle, f"reading {path.name}", path.stat().st_size)
    except FileNotFoundError:
        raise UnavailableError(f"does not exist{_near(path)}") from None
    except IsADirectoryError:
        raise UnavailableError("is a folder; allowed: a file") from None
    except OSError as error:
        raise UnavailableError(f"cannot be read: {error.strerror or error}") from error


def _near(path: Path) -> str:
    return nearest(path.name, [p.name for p in path.parent.iterdir()]) if path.parent.is_dir() else ""
