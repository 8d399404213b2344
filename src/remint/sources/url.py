"""Kind `url`: any URL that fsspec reads.

Each read and connection has a time limit, the download as a whole has none. The bytes are those that the server stores:
no transfer compression is asked for and none undone.
"""

from collections.abc import Generator
from contextlib import closing
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any

from remint.config.messages import nearest
from remint.config.source import UrlSource
from remint.sources import kept, members
from remint.sources.base import UnavailableError, chunks, one_line

CONNECT_SECONDS = 10
READ_SECONDS = 30


def describe(source: UrlSource) -> str:
    """Name the alternative in an error."""
    return f"url {source.url}, {source.path}" if source.path else f"url {source.url}"


def read(source: UrlSource) -> Generator[bytes]:
    """Give the content behind the URL in pieces, or the file that `path` names in the archive behind it.

    Raises UnavailableError: an unknown protocol or one that lacks its package, not found, refused, no answer in time,
    a connection that breaks, no such file in the archive.
    """
    if not source.path:
        yield from _content(source)
        return
    with kept.archive(("url", source.url), partial(_download, source)) as found:
        yield from members.read(found, source.path)


def _download(source: UrlSource, folder: Path) -> Path:
    target = folder / (PurePosixPath(source.url).name or "archive")
    with target.open("wb") as handle:
        handle.writelines(_content(source))
    return target


def _content(source: UrlSource) -> Generator[bytes]:
    # An archive's file system closes its files when nothing holds it any more.
    _filesystem, handle, total = _guarded(source, _opened, source.url)
    with closing(handle):
        pieces = chunks(handle, f"fetching {source.url}", total)
        while piece := _guarded(source, next, pieces, b""):
            yield piece


def _opened(url: str) -> tuple[Any, Any, int | None]:
    import fsspec

    protocols = [link.partition("://")[0] for link in url.split("::")]
    options = {protocol: _http_options() for protocol in protocols if protocol in ("http", "https")}
    filesystem, path = fsspec.core.url_to_fs(url, **options)
    if protocols[0] in options:
        # block_size=0 streams one GET instead of a request a block; a size, whichever, spares the HEAD before it.
        handle = filesystem.open(path, "rb", block_size=0, size=1)
        return filesystem, handle, handle.r.content_length
    return filesystem, filesystem.open(path, "rb"), filesystem.info(path).get("size")


def _http_options() -> dict[str, Any]:
    import aiohttp

    limits = aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_SECONDS, sock_read=READ_SECONDS)
    session = {
        "timeout": limits,
        "trust_env": True,
        "auto_decompress": False,
        "headers": {"Accept-Encoding": "identity"},
    }
    return {"client_kwargs": session}


def _guarded(source: UrlSource, function: Any, *arguments: Any) -> Any:
    """Call what may raise anything, since fsspec's file systems have no error class in common."""
    try:
        return function(*arguments)
    except FileNotFoundError as error:
        raise UnavailableError("not found") from error
    except TimeoutError as error:
        raise UnavailableError(f"no answer within {CONNECT_SECONDS} s to connect, {READ_SECONDS} s to read") from error
    except ValueError as error:
        raise UnavailableError(_protocol(source, error)) from error
    except ImportError as error:
        raise UnavailableError(f"its protocol lacks a package here: {one_line(error)}") from error
    except Exception as error:
        raise UnavailableError(_reason(error)) from error


def _protocol(source: UrlSource, error: ValueError) -> str:
    from fsspec.registry import available_protocols

    protocol = source.url.partition("://")[0]
    if protocol in available_protocols():
        return _reason(error)
    return f'unknown protocol "{protocol}"; allowed: http, https, s3, gs, … (any of fsspec)' + nearest(
        protocol, available_protocols()
    )


def _reason(error: Exception) -> str:
    import aiohttp

    if isinstance(error, aiohttp.ClientResponseError):
        return f"the server answers {error.status} {error.message}".rstrip()
    if isinstance(error, aiohttp.ClientConnectorError):
        return f"cannot connect: {error.os_error.strerror or one_line(error)}"
    if isinstance(error, aiohttp.ClientPayloadError | aiohttp.ServerDisconnectedError | ConnectionError):
        return f"the connection broke before the end: {one_line(error)}"
    return one_line(error)
