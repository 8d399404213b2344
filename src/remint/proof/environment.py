"""The environment that a version was made in: how this one differs, and making that one anew."""

import json
import os
import platform
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from remint import paths
from remint.errors import RemintError
from remint.locks import locked
from remint.proof.coherence import HARDWARE
from remint.proof.inputs import Difference
from remint.provenance import SETTINGS
from remint.registry.origin import Origin, installed

FOLDER = paths.STATE / "environments"
LOCK = "constraints.txt"
_READY = ".ready"
_ABSENT = "absent"
"What a fingerprint has for a package that was not installed."
_OTHER_KINDS = HARDWARE - {"threads"} | {"python", "libc"}
_VERSION = "import platform; print(platform.python_version())"
_LIST = "import json; from remint.registry.origin import installed; print(json.dumps(installed()))"


@dataclass(frozen=True)
class Environment:
    """An interpreter with its packages."""

    python: str
    "Path of the interpreter."
    packages: Mapping[str, str]
    "Every installed distribution but remint, with its version."


def this_environment() -> Environment:
    """Give the environment of this process."""
    return Environment(sys.executable, installed())


def python_of(origin: Origin) -> str:
    """Give the version of Python that a model was trained with."""
    return str(origin.fingerprint["parts"]["environment"]["python"])


def packages_of(origin: Origin) -> dict[str, str]:
    """Give the packages that a model was trained with: those of its fingerprint, and what else was installed."""
    trained = origin.fingerprint["parts"]["environment"]
    found = {name: str(trained.get(name, version)) for name, version in origin.packages.items()}
    return {name: version for name, version in found.items() if version != _ABSENT}


def package_differences(origin: Origin, packages: Mapping[str, str]) -> list[Difference]:
    """Give every package of a version's environment that is another here, or is not here."""
    return [
        Difference("package", name, version, packages.get(name))
        for name, version in packages_of(origin).items()
        if packages.get(name) != version
    ]


def wanting_packages(origin: Origin, root: Path, packages: Mapping[str, str]) -> list[Difference]:
    """Give of `package_differences` those that the training or the scratch project itself declares to need."""
    needed = declared_packages(root) | origin.fingerprint["parts"]["environment"].keys()
    return [difference for difference in package_differences(origin, packages) if difference.name in needed]


def declared_packages(root: Path) -> frozenset[str]:
    """Name the packages that a scratch project itself declares to need."""
    names = (re.match(r"[A-Za-z0-9._-]+", line) for line in _needed(root))
    return frozenset(found[0].lower().replace("_", "-") for found in names if found)


def environment_differences(registered: Mapping[str, Any], minted: Mapping[str, Any]) -> list[Difference]:
    """Give what differs between the environments of two fingerprints: packages first, threads and hardware last."""
    names = sorted(registered.keys() | minted.keys(), key=lambda name: (_rank(name), name))
    return [
        Difference(_kind(name), name, registered.get(name), minted.get(name))
        for name in names
        if registered.get(name) != minted.get(name)
    ]


def rebuilt(origin: Origin, root: Path) -> Environment:
    """Give an environment by the lock of the commit in a scratch project, installed by pip unless it is there.

    Where the commit has no lock, the version's own packages are it. Raises RemintError where no Python of its minor
    version is here or pip fails.
    """
    python, patch = _interpreter(python_of(origin))
    constraints, needed = _constraints(origin, root), _needed(root)
    key = sha256(json.dumps([constraints, sorted(needed), patch]).encode()).hexdigest()[:16]
    place = (FOLDER / key).absolute()
    with locked(FOLDER / f"{key}.lock", "another remint process that is installing the same environment"):
        if not (place / _READY).is_file():
            shutil.rmtree(place, ignore_errors=True)
            _install(python, place, constraints, needed)
    own = str(place / "bin" / "python")
    variables = {**os.environ, "PYTHONPATH": str(root / "src")}
    listed = _called([own, "-c", _LIST], "the rebuilt environment", variables)
    return Environment(own, json.loads(listed))


def _needed(root: Path) -> list[str]:
    declared = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
    return [str(line) for line in declared["project"]["dependencies"]]


def _install(python: str, place: Path, constraints: str, needed: list[str]) -> None:
    _called([python, "-I", "-m", "venv", str(place)], "python -m venv")
    lock = place / LOCK
    lock.write_text(constraints, encoding="utf-8")
    pip = [str(place / "bin" / "python"), "-I", "-m", "pip"]  # what PYTHONPATH leads to is not there
    command = [*pip, "install", "--quiet", "--disable-pip-version-check"]
    _called([*command, "--constraint", str(lock), *needed], "pip install")
    (place / _READY).touch()


def _called(command: list[str], what: str, variables: Mapping[str, str] | None = None) -> str:
    done = subprocess.run(command, capture_output=True, text=True, env=variables, check=False)
    if done.returncode:
        raise RemintError(f"--rebuild-env: {what} failed: {done.stderr.strip()[-2000:]}")
    return done.stdout


def _interpreter(wanted: str) -> tuple[str, str]:
    """Find Python of a version, or of another patch release of it, here or on the PATH; give its path and version."""
    minor = wanted.rpartition(".")[0]
    found = {platform.python_version(): sys.executable}
    other = shutil.which(f"python{minor}")
    if other is not None and wanted not in found:
        with suppress(RemintError):  # a launcher that finds none
            found[_called([other, "-c", _VERSION], other).strip()] = other
    same = [version for version in (wanted, *found) if version in found and version.rpartition(".")[0] == minor]
    if not same:
        raise RemintError(
            f"--rebuild-env: the version was trained with Python {wanted}, this is {platform.python_version()}, and no "
            f"python{minor} is on the PATH"
        )
    return found[same[0]], same[0]


def _constraints(origin: Origin, root: Path) -> str:
    lock = root / LOCK
    if lock.is_file():
        return lock.read_text(encoding="utf-8")
    return "".join(f"{name}=={version}\n" for name, version in packages_of(origin).items())


def _rank(name: str) -> int:
    if name in SETTINGS:  # what they make of the machine is named before them
        return 3
    return 2 if name in HARDWARE else 1 if name in _OTHER_KINDS else 0


def _kind(name: str) -> str:
    if name == "threads":
        return "threads"
    return "environment" if name in _OTHER_KINDS else "package"
