"""Downloading one archive with pip, as the machine's own pip settings say, and telling why it failed."""

import re
import sys
from functools import partial
from pathlib import Path

from remint import paths, progress
from remint.errors import DataError
from remint.sources import process
from remint.sources.base import UnavailableError

TIMEOUT_SECONDS = 10
RETRIES = 1
"One, since only a retry makes pip tell that the connection was the trouble."


def download(name: str, version: str, folder: Path, *options: str) -> Path:
    """Download a package's wheel, or its source archive where it has no wheel, into an empty folder; give its path.

    Nothing is installed and no dependency is fetched, but pip runs the set-up code of a source archive to learn its
    metadata. Raises UnavailableError with pip's reason; without a network that takes seconds.
    """
    target, temporary = folder / "archive", folder / "temporary"
    temporary.mkdir(parents=True)
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--no-input", "--disable-pip-version-check"]
    command += ["--ignore-requires-python", "--progress-bar", "off", "--timeout", str(TIMEOUT_SECONDS)]
    command += ["--retries", str(RETRIES), "--dest", str(target), *options, f"{name}=={version}"]
    environment = {"TMPDIR": str(temporary.resolve()), "PYTHONUNBUFFERED": "1", "NO_COLOR": "1"}
    watch = partial(_report, f"downloading {name} {version}", folder)
    code, output = process.run(command, folder, environment=environment, watch=watch)
    archives = sorted(target.iterdir()) if target.is_dir() else []
    if code != 0 or not archives:
        raise _failure(name, version, output)
    return archives[0]


def _report(what: str, folder: Path, output: str) -> None:
    sizes = re.findall(r"Downloading \S+ \(([\d.]+) ([kMG]?)B\)", output)
    if sizes:
        total = int(float(sizes[-1][0]) * {"": 1, "k": 1e3, "M": 1e6, "G": 1e9}[sizes[-1][1]])
        progress.report(what, min(process.bytes_below(folder), total), total)


def _failure(name: str, version: str, output: str) -> DataError:
    if "No space left on device" in output:
        return DataError(f"{paths.DOWNLOADS} cannot be written: No space left on device")
    offered = re.search(r"\(from versions: (.*?)\)", output)
    broken = re.search(r"connection broken by '?(.*?)'?: /", output) or re.search(r"Failed to connect to (.*)", output)
    if offered and offered[1] not in ("none", ""):
        newest = ", ".join(offered[1].split(", ")[-3:])
        return UnavailableError(f"the package index offers no version {version} of {name}; newest: {newest}")
    if broken:
        return UnavailableError(f"the package index cannot be reached: {_cause(broken[1])}")
    if offered:
        return UnavailableError(f"the package index offers no {name} {version} for this Python")
    errors = re.findall(r"^ERROR: (.*[^:])$", output, flags=re.MULTILINE) or output.strip().splitlines()[-1:]
    return UnavailableError(f"pip failed: {errors[0] if errors else 'without a word'}")


def _cause(text: str) -> str:
    """Give the end of urllib3's long line: `Connection refused`."""
    if "timed out" in text:
        return f"no answer within {TIMEOUT_SECONDS} s"
    errno = re.search(r"\[Errno -?\d+\] ([^'\")]+)", text)
    return errno[1].strip() if errno else text[:200]
