"""Kind `deb`: a file inside a Debian package, as the machine's own package lists offer it; no root is needed."""

import re
from collections.abc import Generator
from functools import partial
from pathlib import Path

from remint import progress
from remint.config.source import DebSource
from remint.sources import kept, members, process
from remint.sources.base import UnavailableError

TIMEOUT_SECONDS = 30
_OPTIONS = (
    "-qq",
    "-oAPT::Sandbox::User=root",  # else apt complains, as root, of a folder that its own user cannot write
    "-oAcquire::Retries=1",
    f"-oAcquire::http::Timeout={TIMEOUT_SECONDS}",
    f"-oAcquire::https::Timeout={TIMEOUT_SECONDS}",
)
_ENVIRONMENT = {"LC_ALL": "C"}


def describe(source: DebSource) -> str:
    """Name the alternative in an error."""
    return f"deb {_spec(source).replace('=', ' ')}, {source.path}"


def read(source: DebSource) -> Generator[bytes]:
    """Give the file's content in pieces. Nothing is installed and no dependency is fetched.

    Raises UnavailableError: no apt-get or dpkg-deb, no package lists, no such package or version, no network, no such
    file inside.
    """
    with kept.archive(("deb", _spec(source)), partial(_download, _spec(source))) as found:
        yield from members.read(found, source.path)


def _spec(source: DebSource) -> str:
    return source.name if source.version is None else f"{source.name}={source.version}"


def _download(spec: str, folder: Path) -> Path:
    """Give the package's content as a plain tar file."""
    target = folder / "archive"
    target.mkdir()
    total = _size(spec, folder)
    watch = partial(_report, f"downloading {spec.replace('=', ' ')}", target, total)
    command = ["apt-get", *_OPTIONS, "download", spec]  # into the working directory
    code, output = process.run(command, folder, environment=_ENVIRONMENT, watch=watch, cwd=target)
    packages = sorted(target.glob("*.deb"))
    if code != 0 or not packages:
        raise _failure(spec, output, folder)
    return _content(packages[0], folder)


def _content(package: Path, folder: Path) -> Path:
    content = folder / f"{package.stem}.tar"
    command = ["dpkg-deb", "--fsys-tarfile", str(package)]
    code, output = process.run(command, folder, environment=_ENVIRONMENT, stdout=content)
    if code != 0:
        raise UnavailableError(f"{package.name} cannot be unpacked: {process.first_error(output, 'dpkg-deb: error:')}")
    package.unlink()
    return content


def _size(spec: str, folder: Path) -> int:
    """Give the size of a package in bytes, 0 where apt does not tell. Raises UnavailableError where there is none."""
    command = ["apt-get", *_OPTIONS, "--print-uris", "download", spec]
    code, output = process.run(command, folder, environment=_ENVIRONMENT)
    if code != 0:
        raise _failure(spec, output, folder)
    found = re.search(r" (\d+) \w+:[0-9a-f]+\s*$", output, flags=re.MULTILINE)
    return int(found[1]) if found else 0


def _report(what: str, folder: Path, total: int, _output: str) -> None:
    progress.report(what, process.bytes_below(folder), total)


def _failure(spec: str, output: str, folder: Path) -> UnavailableError:
    name, _, version = spec.partition("=")
    if "Unable to locate package" in output:
        advice = "run `apt-get update` to renew them" if _has_lists(folder) else "they are empty, run `apt-get update`"
        return UnavailableError(f"the machine's package lists offer no {name}; {advice}")
    if "was not found" in output and version:
        return UnavailableError(f"the machine's package lists offer no version {version} of {name}")
    if "Failed to fetch" in output:
        reason = process.first_error(output, "E: Failed to fetch").partition(" ")[2].strip()
        return UnavailableError(f"the download failed: {reason}; where the lists are old, run `apt-get update`")
    return UnavailableError(f"apt-get failed: {process.first_error(output, 'E:')}")


def _has_lists(folder: Path) -> bool:
    command = ["apt-get", "indextargets", "--format", "$(FILENAME)"]
    return bool(process.run(command, folder, environment=_ENVIRONMENT)[1].strip())
