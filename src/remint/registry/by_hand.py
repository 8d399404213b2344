"""Promotion and rollback by hand."""

from collections.abc import Mapping
from pathlib import Path

from remint.config.experiment import ExperimentConfig
from remint.config.gates import GateConfig
from remint.config.load import load_project
from remint.errors import RemintError
from remint.files import read_json
from remint.registry import dossier
from remint.registry.deciding import check
from remint.registry.decision import Decision, stored_gates, told_failures, told_passes
from remint.registry.gates import Verdict
from remint.registry.history import Entry, begin, finish, given_reason, registry_lock, settled
from remint.registry.reference import Reference, resolve
from remint.registry.reigning import Reigning
from remint.registry.succession import champion_before
from remint.registry.telling import dossier_of, tell
from remint.registry.unfinished import shown
from remint.tracking import models
from remint.tracking.models import Version
from remint.tracking.version_files import MODEL_DATA, local_folder, mend_files


def promote(name: str, version: int, why: str | None = None) -> Entry:
    """Make a version champion by hand; give the entry of the history.

    Raises RemintError naming the gates that it fails beside the present champion, unless `why` tells why it is to be
    promoted nevertheless.
    """
    why = given_reason(why)
    with registry_lock():
        settled(name)
        chosen = resolve(Reference(name, version=version))
        mend_files(chosen, dossier.PLACE)
        if chosen.is_champion:
            raise RemintError(f"{chosen} is the champion already")
        folder = local_folder(chosen)
        gates = _declared_gates(name, folder)
        verdicts = check(gates, folder / dossier.PLACE, folder / MODEL_DATA, Reigning.of(name), _dataset(name, folder))
        failures = told_failures(verdicts)
        if failures and why is None:
            raise RemintError(f"{chosen} fails its gates: {failures}; --why TEXT promotes it nevertheless")
        reason = why or told_passes(verdicts)
        with shown():
            entry = begin(name, version, "promote", reason, by_hand=True)
            _tell(chosen, entry, verdicts, reason)
            return finish(name, entry)


def rollback(name: str, why: str | None = None) -> Entry:
    """Make the champion before the present one champion again; give the entry of the history.

    Raises RemintError where there is none, or where its files are gone.
    """
    why = given_reason(why)
    with registry_lock():
        if not models.versions(name):
            resolve(Reference(name))
        number = champion_before(name, settled(name))
        local_folder(resolve(Reference(name, version=number)))
        with shown():
            return finish(name, begin(name, number, "rollback", why or "", by_hand=True))


def _tell(version: Version, entry: Entry, verdicts: tuple[Verdict, ...], reason: str) -> None:
    """Write a promotion by hand to the version."""
    decision = Decision(
        version.name, "", None, None, version.number, entry.origin, version.number, True, reason, entry.when,
        version.run_id, verdicts,
    )  # fmt: skip
    with dossier_of(version) as folder:
        tell(version, folder, decision)


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
