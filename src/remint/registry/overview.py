"""Registered models as they stand: versions, what their gates said, history."""

from collections.abc import Mapping
from dataclasses import dataclass

from remint.config.load import load_project
from remint.errors import RemintError
from remint.registry.decision import GATE
from remint.registry.history import Entry, registry_lock, settled
from remint.registry.origin import VERIFIED
from remint.registry.reference import unknown_model
from remint.tracking import models
from remint.tracking.models import Version
from remint.tracking.run_facts import run_facts

_METRIC = "test_"


@dataclass(frozen=True)
class Model:
    """A registered model."""

    name: str
    metric: str | None
    "The primary metric of its experiment; None where none is declared, and no version has but one."
    versions: tuple[Version, ...]
    "Newest first."
    history: tuple[Entry, ...]
    "Oldest first."

    @property
    def champion(self) -> Version | None:
        """The version that is served."""
        return next((version for version in self.versions if version.is_champion), None)


def all_models() -> tuple[Model, ...]:
    """Give all registered models, in the order of the alphabet. What a killed promotion left is finished first."""
    return tuple(_model(name) for name in models.names())


def one_model(name: str) -> Model:
    """Give a registered model. Raises RemintError, suggesting the nearest name, where there is none."""
    if not models.versions(name):
        raise unknown_model(name)
    return _model(name)


def verdicts(version: Version) -> Mapping[str, str]:
    """Give each gate of a version's last decision with `passed: …` or `failed: …`."""
    return {tag.removeprefix(GATE): told for tag, told in version.tags.items() if tag.startswith(GATE)}


def metric_text(version: Version, metric: str | None) -> str:
    """Give a version's metric on the test split as text."""
    found = version.tags.get(f"{_METRIC}{metric}")
    return "–" if found is None else f"{float(found):.4f}"


def proof(version: Version) -> str:
    """Tell what the last `remint verify` found: `identical 2026-11-22 04:00`, or `never`."""
    verdict, _, when = version.tags.get(VERIFIED, "").partition(" ")
    return f"{verdict} {when[:16].replace('T', ' ')}" if verdict else "never"


def is_dirty(version: Version) -> bool:
    """Tell whether a version was trained with changes that no commit holds."""
    return run_facts(version.run_id).dirty


def _model(name: str) -> Model:
    with registry_lock():
        entries = settled(name)
    return Model(name, _metric(name), models.versions(name), entries)


def _metric(name: str) -> str | None:
    try:
        declared = load_project().experiments.get(name)
    except RemintError:
        return None
    return None if declared is None else declared.primary_metric
