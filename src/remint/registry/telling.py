"""Writing a decision into the files and tags of a version that exists."""

import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from remint import paths
from remint.errors import RemintError
from remint.files import read_json, scratch_folder
from remint.registry import dossier
from remint.registry.decision import DECIDED, GATE, Decision, decision_tags, write_decision
from remint.registry.evidence import DECISION
from remint.tracking import models
from remint.tracking.models import Version
from remint.tracking.version_files import local_folder, replace_files


def complete(folder: Path, decision: Decision) -> None:
    """Write the decision into a dossier, and the card, which tells it."""
    write_decision(folder, decision)
    dossier.renew_card(folder)


@contextmanager
def dossier_of(version: Version) -> Iterator[Path]:
    """Give a copy of a version's dossier, empty where it has none."""
    stored = local_folder(version) / dossier.PLACE
    with scratch_folder(paths.TEMPORARY) as temporary:
        folder = temporary / dossier.PLACE
        if stored.is_dir():
            shutil.copytree(stored, folder)
        else:
            folder.mkdir()
        yield folder


def tell(version: Version, folder: Path, decision: Decision, tags: Mapping[str, str] | None = None) -> None:
    """Put a dossier with its decision in the place of a version's, and tag the version so, with `tags` last."""
    complete(folder, decision)
    replace_files(version, dossier.PLACE, folder)
    _tag(version, {**decision.tags(), **(tags or {})})


def is_told(version: Version) -> bool:
    """Tell whether a version's tags say of its last decision what its files do, whenever each was written."""
    with suppress(KeyError, TypeError):  # a file that is damaged tells nothing
        tags = decision_tags(_decision(version))
        return all(version.tags.get(name) == value for name, value in tags.items() if name != DECIDED)
    return False


def was_told(version: Version, when: str) -> bool:
    """Tell whether a version's files tell of its promotion at a time."""
    decision = _decision(version)
    return decision.get("promoted") is True and decision.get("when") == when


def tell_again(version: Version) -> None:
    """Make whole what `tell` may have been cut off in: the card and the tags, by `decision.json`."""
    decision = _decision(version)
    with dossier_of(version) as folder:
        dossier.renew_card(folder)
        replace_files(version, dossier.PLACE, folder)
    _tag(version, decision_tags(decision))


def _tag(version: Version, tags: Mapping[str, str]) -> None:
    models.untag_version(version, tuple(name for name in version.tags if name.startswith(GATE) and name not in tags))
    models.tag_version(version, tags)


def _decision(version: Version) -> Mapping[str, Any]:
    with suppress(RemintError, OSError, ValueError):
        content = read_json(local_folder(version) / dossier.PLACE / DECISION)
        return content if isinstance(content, dict) else {}
    return {}
