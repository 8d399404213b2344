"""Registering what was trained, and making it champion when it passes its gates."""

import shutil
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from remint import paths
from remint.config.experiment import ExperimentConfig
from remint.errors import RemintError
from remint.files import read_json, scratch_folder
from remint.registry import dossier
from remint.registry.checksums import WEIGHTS
from remint.registry.deciding import decide, reigning_on, withheld
from remint.registry.decision import Decision, made_champion, stored_verdicts
from remint.registry.evidence import Evidence, number
from remint.registry.found import is_better
from remint.registry.history import Entry, begin, finish, lose, registry_lock, renumbered, settled
from remint.registry.making_origin import add_origin, is_wanting
from remint.registry.origin import ORIGIN, SEAL, VERIFIED, file_sha256, seal_tags
from remint.registry.package import package_digest, predictor_package
from remint.registry.record import record_evaluation
from remint.registry.succession import withdrawal
from remint.registry.telling import complete, is_told, tell
from remint.registry.unfinished import shown
from remint.tracking import models, registration
from remint.tracking.models import Version
from remint.tracking.packaging import write_files
from remint.tracking.version_files import MODEL_DATA, has_files, local_folder, mend_files, replace_files

champion, versions = models.champion, models.versions
MADE_OF = "remint.evaluation"
"Tag of a version: digest of what its dossier was made of. It goes before a renewal and comes with its last step."
CHECKSUMS = "remint.checksums"


def register_and_promote(experiment: str, config: ExperimentConfig) -> Decision:
    """Register the trained, evaluated model unless that very training is registered, and promote it if it may be.

    Its evaluation is recorded first where the store lacks it. A version that exists gets the evaluation and the
    decision of now; one whose files are gone is registered anew, under another number. Raises RemintError, so where the
    version has other weights than those that were evaluated.
    """
    with registry_lock(), shown(), scratch_folder(paths.TEMPORARY) as temporary:
        run_id = record_evaluation(experiment)
        registration.clean_up(experiment, config.dataset, run_id)
        entries = settled(experiment)
        written = read_json(paths.model(experiment) / "fingerprint.json")
        known = models.find_version(experiment, written["fingerprint"])
        gone = None if known is None else withdrawal(known.number, entries)
        if known is not None and has_files(known):
            return _decide_again(known, config, run_id, entries, temporary)
        if known is not None:
            _lose(known)
        return _register(experiment, config, run_id, written, temporary, gone)


def better_baselines(dataset: str, metric: str, value: float | None) -> tuple[str, ...]:
    """Name the baselines of a dataset that are better than `value` in a metric."""
    figures = {name: number(metrics, metric) for name, metrics in dossier.baselines(dataset).items()}
    return tuple(
        n for n, own in figures.items() if own is not None and value is not None and is_better(metric, own, value)
    )


def _register(
    experiment: str,
    config: ExperimentConfig,
    run_id: str,
    written: Mapping[str, dict[str, dict[str, str]]],
    place: Path,
    gone: Entry | None,
) -> Decision:
    """Register a training that is new: everything about it is complete before its version is made.

    `gone`: a person took it off, when it was another version.
    """
    package = predictor_package(experiment, config.dataset, written["parts"]["data"])
    folder, model = place / dossier.PLACE, place / "data"
    write_files(model, package)
    expected = registration.next_number(experiment)
    dossier.make_dossier(folder, experiment, config.dataset, run_id, kept=None)
    add_origin(folder / ORIGIN, experiment, config)
    dossier.add_cost(folder, model, config.dataset, run_id)
    dossier.add_about(folder, experiment, config, expected, run_id)
    decision = _withheld(decide(folder, model, expected, config, experiment, run_id), gone)
    complete(folder, decision)
    version_to_be = registration.Entry(
        experiment,
        config.dataset,
        run_id,
        str(written["fingerprint"]),
        package,
        {dossier.PLACE: folder},
        {
            **{f"test_{name}": repr(value) for name, value in Evidence(folder).metrics.items()},
            **decision.tags(),
            MADE_OF: dossier.dossier_digest(experiment, config.dataset),
            CHECKSUMS: package_digest(package),
            **seal_tags(folder / ORIGIN),
        },
    )
    models.make_model(experiment)
    entry = _begin(decision)
    version = registration.register(version_to_be)
    if version.number != expected:
        entry = None if entry is None else renumbered(experiment, entry, version.number)
        decision = replace(decision, version=version.number, champion_version=_after(decision, version.number))
        dossier.renumber(folder, version.number)
        complete(folder, decision)
        replace_files(version, dossier.PLACE, folder)
    if entry is not None:
        finish(experiment, entry)
    return decision


def _begin(decision: Decision) -> Entry | None:
    """Begin a promotion, if it is one."""
    if not decision.promoted:
        return None
    why, when = decision.reason, decision.when
    return begin(decision.experiment, decision.version, "promote", why, by_hand=False, when=when)


def _withheld(decision: Decision, gone: Entry | None) -> Decision:
    return decision if gone is None or not decision.promoted else withheld(decision, gone)


def _lose(version: Version) -> None:
    """Mark a version whose files are gone; it is champion no more."""
    told = "its files are gone; the same training is registered anew"
    models.tag_version(version, {models.LOST: told})
    lose(version.name, version.number, told)


def _decide_again(
    version: Version, config: ExperimentConfig, run_id: str, entries: tuple[Entry, ...], place: Path
) -> Decision:
    """Decide about a version that exists, by its evaluation of now."""
    stored, folder = local_folder(version), place / dossier.PLACE
    mend_files(version, dossier.PLACE)
    seals: dict[str, str] = {}
    made_of = dossier.dossier_digest(version.name, config.dataset)
    kept = stored / dossier.PLACE
    is_whole = (kept / dossier.ABOUT).is_file() and not is_wanting(kept / ORIGIN, version, config.dataset)
    if version.tags.get(MADE_OF) == made_of and is_whole:
        shutil.copytree(kept, folder)
        renewed = False
    else:
        _check_bits(version, stored)
        dossier.make_dossier(folder, version.name, config.dataset, run_id, kept=kept)
        add_origin(folder / ORIGIN, version.name, config, kept / ORIGIN)
        seals = seal_tags(folder / ORIGIN)
        version = models.untag_version(version, (MADE_OF, VERIFIED, SEAL))  # about what was
        dossier.add_cost(folder, stored / MODEL_DATA, config.dataset, run_id)
        dossier.add_about(folder, version.name, config, version.number, run_id)
        renewed = True
    decision = decide(folder, stored / MODEL_DATA, version.number, config, version.name, run_id)
    decision = _withheld(decision, withdrawal(version.number, entries))
    decision = reigning_on(stored / dossier.PLACE, decision, entries)
    told = is_told(version) and (made_champion(stored / dossier.PLACE) is not None or not decision.is_champion)
    changed = renewed or not told or decision.verdicts != stored_verdicts(folder)
    if changed or decision.promoted:
        entry = _begin(decision)
        metrics = {f"test_{name}": repr(value) for name, value in Evidence(folder).metrics.items()}
        tell(version, folder, decision, {**metrics, **seals, MADE_OF: made_of})
        if entry is not None:
            finish(version.name, entry)
    return decision


def _check_bits(version: Version, stored: Path) -> None:
    """Raise RemintError where the weights are not those that a version of the same training holds."""
    own, other = (file_sha256(place / WEIGHTS) for place in (stored / MODEL_DATA, paths.model(version.name)))
    if own != other:
        raise RemintError(
            f"{paths.model(version.name) / WEIGHTS}: sha256 {other}; {version}, which is the same training, holds "
            f"{own}: its evidence is not renewed by that of other bits; `remint verify {version}` tells what differs"
        )


def _after(decision: Decision, number: int) -> int | None:
    return number if decision.promoted else decision.champion_version
