"""How a version is named: `NAME`, `NAME@ALIAS` or `NAME/VERSION`."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from remint.config.messages import nearest
from remint.errors import ConfigError, RemintError
from remint.tracking import models
from remint.tracking.models import CHAMPION, Version

_FORM = re.compile(r"(?P<name>[^@/\s]+)(@(?P<alias>[^@/\s]+)|/(?P<version>[1-9][0-9]*))?")


@dataclass(frozen=True)
class Reference:
    """A version of a model, by its number or an alias; by neither: the champion."""

    name: str
    alias: str | None = None
    version: int | None = None

    def __str__(self) -> str:
        if self.version is not None:
            return f"{self.name}/{self.version}"
        return f"{self.name}@{self.alias or CHAMPION}"


def parse_reference(text: str) -> Reference:
    """Read `NAME[@ALIAS|/VERSION]`. Raises ConfigError."""
    found = _FORM.fullmatch(text)
    if found is None:
        raise ConfigError(
            f'"{text}" names no model; allowed: NAME, NAME@ALIAS such as "adult-mlp@champion", NAME/VERSION'
        )
    number = found["version"]
    return Reference(found["name"], found["alias"], None if number is None else int(number))


def resolve(reference: Reference) -> Version:
    """Give the version that a reference means. Raises RemintError where there is none, naming what there is."""
    known = models.versions(reference.name)
    if not known:
        raise unknown_model(reference.name)
    number = reference.version or models.alias_number(reference.name, reference.alias or CHAMPION)
    if number is None:
        aliases = models.aliases(reference.name)
        raise RemintError(f"{reference} does not exist; allowed: {_listed(f'@{alias}' for alias in aliases)}")
    for version in known:
        if version.number == number:
            return version
    raise RemintError(f"{reference} does not exist; allowed: {_listed(f'/{version.number}' for version in known)}")


def unknown_model(name: str) -> RemintError:
    """Give the error for a name that no registered model has."""
    names = models.names()
    if name in names:
        return RemintError(f"{name} has no registered version; see `remint run`")
    end = f"allowed: {', '.join(names)}{nearest(name, names)}" if names else "none is registered yet; see `remint run`"
    return RemintError(f'"{name}" is no registered model; {end}')


def _listed(choices: Iterable[str]) -> str:
    return ", ".join(choices) or "a version, as no alias is set"
