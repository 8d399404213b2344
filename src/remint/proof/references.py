"""What a person names to be compared: a version, a run or a commit."""

import os
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias, Union

from remint import paths
from remint.config.messages import nearest
from remint.errors import ConfigError, RemintError
from remint.proof.commits import find_commit

if TYPE_CHECKING:
    from remint.tracking.models import Version

_VERSION = re.compile(r"(?P<name>[a-z0-9][a-z0-9-]*)(@[^@/\s]+|/[1-9][0-9]*)?")
"Of a text that can name a version; MLflow, which is slow to load, is not asked for others, such as `HEAD~1`."


@dataclass(frozen=True)
class Run:
    """An MLflow run."""

    run_id: str


@dataclass(frozen=True)
class Commit:
    """A commit of the project's git repository."""

    commit: str
    label: str
    "How it was named."


Named: TypeAlias = Union["Version", Run, Commit]


def find(text: str) -> Named:
    """Give what a text names. Raises ConfigError where that is nothing, or more than one thing."""
    version = _find_version(text)
    runs, commit = _find_runs(text), find_commit(text)
    kinds = [*(["a version"] if version else []), *(f"run {run}" for run in runs)]
    kinds += [f"commit {commit}"] if commit else []
    if len(kinds) > 1:
        raise ConfigError(
            f'"{text}" is ambiguous: {", ".join(kinds)}; write NAME@ALIAS or NAME/VERSION for a version, more digits '
            "for a run or a commit, refs/heads/NAME for a branch"
        )
    if version is not None:
        return version
    if runs:
        return Run(runs[0])
    if commit is not None:
        return Commit(commit, text)
    raise _unknown(text)


def _find_version(text: str) -> "Version | None":
    """Give the version that is meant; None where no model has that name. Raises where the model has no such version."""
    found = _VERSION.fullmatch(text)
    if found is None or not _has_store():
        return None
    from remint.registry.reference import parse_reference, resolve
    from remint.tracking import models

    if found["name"] not in models.names() or not models.versions(found["name"]):
        return None
    try:
        return resolve(parse_reference(text))
    except RemintError:
        if find_commit(text) is None:
            raise
        return None


def _find_runs(text: str) -> tuple[str, ...]:
    if not re.fullmatch("[0-9a-f]{4,32}", text) or not _has_store():
        return ()
    from remint.proof.stored_runs import find_runs

    return find_runs(text)


def _unknown(text: str) -> ConfigError:
    names: tuple[str, ...] = ()
    if _has_store():
        from remint.tracking import models

        names = models.names()
    known = f"; registered models: {', '.join(names)}" if names else "; no model is registered yet"
    close = nearest(re.split("[@/]", text)[0], names)
    return ConfigError(f'"{text}" is no registered model, no MLflow run and no commit{known}{close}')


def _has_store() -> bool:
    return paths.MLFLOW_DB.is_file() or "MLFLOW_TRACKING_URI" in os.environ
