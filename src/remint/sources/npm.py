"""Kind `npm`: a file inside a package of the npm registry, as the machine's own npm settings say."""

import re
from collections.abc import Generator
from functools import partial
from pathlib import Path

from remint import progress
from remint.config.source import NpmSource
from remint.sources import kept, members, process
from remint.sources.base import UnavailableError

TIMEOUT_MILLISECONDS = 30_000
_OPTIONS = (
    "--ignore-scripts",
    "--loglevel=error",
    "--no-update-notifier",
    "--no-audit",
    "--no-fund",
    "--fetch-retries=1",
    f"--fetch-timeout={TIMEOUT_MILLISECONDS}",
)


def describe(source: NpmSource) -> str:
    """Name the alternative in an error."""
    return f"npm {source.name} {source.version}, {source.path}"


def read(source: NpmSource) -> Generator[bytes]:
    """Give the file's content in pieces. No script of the package runs and no dependency is fetched.

    Raises UnavailableError: no npm, no network, no such package or version, no such file inside.
    """
    key = ("npm", source.name, source.version)
    with kept.archive(key, partial(_download, source.name, source.version)) as found:
        yield from members.read(found, source.path)


def _download(name: str, version: str, folder: Path) -> Path:
    target, cache = folder / "archive", folder / "cache"
    target.mkdir()
    # A cache of its own: its growing files tell how far npm is, and none stays.
    command = ["npm", "pack", *_OPTIONS, f"--cache={cache.resolve()}", f"--pack-destination={target.resolve()}"]
    watch = partial(_report, f"downloading {name} {version}", folder)
    code, output = process.run([*command, "--", f"{name}@{version}"], folder, watch=watch, cwd=folder)
    archives = sorted(target.glob("*.tgz"))
    if code != 0 or not archives:
        raise _failure(name, version, output)
    return archives[0]


def _report(what: str, folder: Path, _output: str) -> None:
    """The registry does not tell a package's size."""
    progress.report(what, process.bytes_below(folder), 0)


def _failure(name: str, version: str, output: str) -> UnavailableError:
    found = re.search(r"^npm (?:error|ERR!) code (\w+)", output, flags=re.MULTILINE)
    code = found[1] if found else ""
    if code == "ETARGET":
        return UnavailableError(f"the npm registry offers no version {version} of {name}")
    if code == "E404":
        return UnavailableError(f"the npm registry offers no {name}")
    if code in ("ECONNREFUSED", "ENOTFOUND", "EAI_AGAIN", "ETIMEDOUT", "ECONNRESET", "ERR_SOCKET_TIMEOUT"):
        return UnavailableError(f"the npm registry cannot be reached: {code}")
    lines = re.findall(r"^npm (?:error|ERR!) (.*)", output, flags=re.MULTILINE)
    return UnavailableError(f"npm failed: {next((line for line in lines if line), process.first_error(output, 'npm'))}")
