"""Registered models: one an experiment, a version a fingerprint; the alias `champion` is on the one that is served."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from remint.tracking.failures import store_errors
from remint.tracking.store import client
from remint.tracking.version_files import local_folder as local_folder  # what users of versions ask for with them
from remint.tracking.version_files import model_id_of

if TYPE_CHECKING:
    from mlflow.entities.model_registry import ModelVersion, RegisteredModel

CHAMPION = "champion"
FINGERPRINT = "remint.fingerprint"
LOST = "remint.lost"
"Tag of a version whose files are gone: why."
PAGE = 1000
"Entries that are asked for at once."


@dataclass(frozen=True)
class Version:
    """A version of a registered model."""

    name: str
    "Of the model, which is that of its experiment."
    number: int
    run_id: str
    fingerprint: str
    tags: Mapping[str, str]
    is_champion: bool
    model_id: str
    "Of the logged model that holds its files."
    created: datetime
    "In UTC."

    def __str__(self) -> str:
        return f"{self.name}/{self.number}"


def names() -> tuple[str, ...]:
    """Name all registered models, in the order of the alphabet."""
    return tuple(sorted(entry.name for entry in paged(client().search_registered_models)))


def versions(experiment: str) -> tuple[Version, ...]:
    """Give all versions of an experiment's model, newest first; none where it was never registered."""
    served = alias_number(experiment, CHAMPION)
    found = paged(client().search_model_versions, named(experiment))
    return tuple(sorted((version_of(entry, served) for entry in found), key=lambda v: v.number, reverse=True))


def paged(search: Callable[..., Any], *arguments: Any) -> Iterator[Any]:
    """Give all that a search of MLflow's client finds, page by page. Raises RemintError."""
    token = None
    while True:
        with store_errors():
            page = search(*arguments, max_results=PAGE, page_token=token)
        yield from page
        token = page.token
        if not token:
            return


def named(name: str) -> str:
    """Give the condition of a search for a name, which may hold a quotation mark."""
    mark = '"' if "'" in name else "'"
    if mark in name:
        return "name = ''"  # no such condition can be written, and nothing that remint registers is named so
    return f"name = {mark}{name}{mark}"


def champion(experiment: str) -> Version | None:
    """Give the version that is served, None where there is none."""
    number = alias_number(experiment, CHAMPION)
    if number is None:
        return None
    with store_errors():
        return version_of(client().get_model_version(experiment, str(number)), number)


def find_version(experiment: str, fingerprint: str) -> Version | None:
    """Give the version of a fingerprint, None where it was never registered."""
    return next((version for version in versions(experiment) if version.fingerprint == fingerprint), None)


def aliases(experiment: str) -> Mapping[str, int]:
    """Give each alias of a model with the number of its version; none where it was never registered."""
    entry = registered_model(experiment)
    return {} if entry is None else {alias: int(number) for alias, number in sorted(entry.aliases.items())}


def alias_number(experiment: str, alias: str) -> int | None:
    """Give the number of the version that an alias stands for, None where it stands for none."""
    return aliases(experiment).get(alias)


def tag_version(version: Version, tags: Mapping[str, str]) -> None:
    """Set tags of a version that differ from what it has."""
    with store_errors():
        for name, value in tags.items():
            if version.tags.get(name) != value:
                client().set_model_version_tag(version.name, str(version.number), name, value)


def untag_version(version: Version, names: tuple[str, ...]) -> Version:
    """Take those tags off a version that it has, in this order; give it without them."""
    with store_errors():
        for name in names:
            if name in version.tags:
                client().delete_model_version_tag(version.name, str(version.number), name)
    return replace(version, tags={name: value for name, value in version.tags.items() if name not in names})


def move_champion(experiment: str, number: int) -> None:
    """Move the alias `champion` to a version."""
    with store_errors():
        client().set_registered_model_alias(experiment, CHAMPION, str(number))


def remove_champion(experiment: str) -> None:
    """Take the alias `champion` off."""
    with store_errors():
        client().delete_registered_model_alias(experiment, CHAMPION)


def make_model(experiment: str) -> None:
    """Make the model that holds an experiment's versions, unless there is one."""
    if registered_model(experiment) is None:
        with store_errors():
            client().create_registered_model(experiment)


def registered_model(experiment: str) -> "RegisteredModel | None":
    """Give MLflow's entry of a model, None where it was never registered."""
    with store_errors():
        found = client().search_registered_models(named(experiment))
    return found[0] if found else None


def version_of(entry: "ModelVersion", champion: int | None) -> Version:
    """Read MLflow's entry of a version; `champion` is the number of the version that is served."""
    number = int(entry.version)
    return Version(
        name=entry.name,
        number=number,
        run_id=entry.run_id or "",
        fingerprint=entry.tags.get(FINGERPRINT, ""),
        tags=entry.tags,
        is_champion=number == champion,
        model_id=model_id_of(entry),
        created=datetime.fromtimestamp(entry.creation_timestamp / 1000, UTC),
    )
