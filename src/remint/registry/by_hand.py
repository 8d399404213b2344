"""Promotion and rollback by hand."""

import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

from remint.config.experiment import ExperimentConfig
from remint.config.gates import GateConfig
from remint.config.load import load_project
from remint.errors import RemintError
from remint.files import read_json
from remint.registry import dossier
from remint.registry.deciding import check, complete
from remint.registry.decision import Decision, stale_tags, stored_gates, told_failures, told_passes
from remint.registry.gates import Verdict
from remint.registry.history import Entry, champion_before, move, registry_lock, settled, utc_now
from remint.registry.reference import Reference, resolve
from remint.registry.reigning import Reigning
from remint.tracking import models
from remint.tracking.models import Version
from remint.tracking.version_files import MODEL_DATA, local_folder, replace_files


def promote(name: str, version: int, why: str | None = None) -> Entry:
    """Make a version champion by hand; give the entry of the history.

    Raises RemintError naming the gates that it fails beside the present champion, unless `why` tells why it is to be
    promoted nevertheless.
    """
    with registry_lock():
        settled(name)
        chosen = resolve(Reference(name, version=version))
        if chosen.is_champion:
            raise RemintError(f"{chosen} is the champion already")
        folder = local_folder(chosen)
        gates = _declared_gates(name, folder)
        verdicts = check(gates, folder / dossier.PLACE, folder / MODEL_DATA, Reigning.of(name), _dataset(name, folder))
        failures = told_failures(verdicts)
        if failures and why is None:
            raise RemintError(f"{chosen} fails its gates: {failures}; --why TEXT promotes it nevertheless")
        reason = why or told_passes(verdicts)
        _note(chosen, folder, verdicts, reason)
        return move(name, version, "promote", reason, by_hand=True)


def rollback(name: str, why: str | None = None) -> Entry:
    """Make the champion before the present one champion again; give the entry of the history.

    Raises RemintError where there is none.
    """
    with registry_lock():
        if not models.versions(name):
            resolve(Reference(name))
        entries = settled(name)
        return move(name, champion_before(name, entries), "rollback", why or "", by_hand=True)


def _note(version: Version, folder: Path, verdicts: tuple[Verdict, ...], reason: str) -> None:
    """Write a promotion by hand to the version."""
    before = models.champion(version.name)
    number_before = None if before is None else before.number
    decision = Decision(
        version.name, "", None, None, version.number, number_before, version.number, True, reason, utc_now(),
        version.run_id, verdicts,
    )  # fmt: skip
    with tempfile.TemporaryDirectory() as temporary:
        copy = Path(temporary) / dossier.PLACE
        if (folder / dossier.PLACE).is_dir():
            shutil.copytree(folder / dossier.PLACE, copy)
        else:
            copy.mkdir()
        complete(copy, decision)
        replace_files(version, dossier.PLACE, copy)
    models.untag_version(version, tuple(stale_tags(version.tags, decision)))
    models.tag_version(version, decision.tags())


def _declared_gates(name: str, folder: Path) -> Mapping[str, GateConfig]:
    """Give the gates that are declared for a model now; of one that is declared no more, those it was decided by."""
    config = _declared(name)
    return stored_gates(folder / dossier.PLACE) if config is None else config.all_gates


def _dataset(name: str, folder: Path) -> str:
    config, about = _declared(name), folder / dossier.PLACE / dossier.ABOUT
    if config is not None:
        return config.dataset
    return str(read_json(about)["dataset"]) if about.is_file() else name


def _declared(name: str) -> ExperimentConfig | None:
    return load_project().experiments.get(name)
