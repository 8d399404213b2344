"""Registering what was trained, and making it champion when it passes its gates."""

import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from remint import paths
from remint.config.experiment import ExperimentConfig
from remint.files import read_json
from remint.registry import dossier
from remint.registry.deciding import complete, decide, withheld
from remint.registry.decision import (
    Decision,
    stale_tags,
    stored_verdicts,
)
from remint.registry.evidence import Evidence, number
from remint.registry.found import is_better
from remint.registry.history import Entry, move, registry_lock, settled, withdrawal
from remint.registry.package import package_digest, predictor_package
from remint.registry.record import record_evaluation
from remint.tracking import models, registration
from remint.tracking.models import Version
from remint.tracking.packaging import write_files
from remint.tracking.version_files import MODEL_DATA, local_folder, replace_files

champion, versions = models.champion, models.versions
MADE_OF = "remint.evaluation"
"Tag of a version: digest of what its dossier was made of."
CHECKSUMS = "remint.checksums"


def register_and_promote(experiment: str, config: ExperimentConfig) -> Decision:
    """Register the trained, evaluated model unless that very training is registered, and promote it if it may be.

    Its evaluation is recorded first where the store lacks it. A version that exists gets the evaluation and the
    decision of now. Raises RemintError.
    """
    with registry_lock(), tempfile.TemporaryDirectory() as temporary:
        run_id = record_evaluation(experiment)
        registration.clean_up(experiment, config.dataset, run_id)
        entries = settled(experiment)
        written = read_json(paths.model(experiment) / "fingerprint.json")
        known = models.find_version(experiment, written["fingerprint"])
        if known is None:
            decision = _register(experiment, config, run_id, written, Path(temporary))
        else:
            decision = _decide_again(known, config, run_id, entries, Path(temporary))
        if decision.promoted:
            move(experiment, decision.version, "promote", decision.reason, by_hand=False)
    return decision


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
) -> Decision:
    """Register a training that is new: everything about it is complete before its version is made."""
    package = predictor_package(experiment, config.dataset, written["parts"]["data"])
    folder, model = place / dossier.PLACE, place / "data"
    write_files(model, package)
    expected = registration.next_number(experiment)
    dossier.make_dossier(folder, experiment, config.dataset, run_id, kept=None)
    dossier.add_cost(folder, model, config.dataset, run_id)
    dossier.add_about(folder, experiment, config, expected, run_id)
    decision = decide(folder, model, expected, config, experiment, run_id)
    complete(folder, decision)
    entry = registration.Entry(
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
        },
    )
    version = registration.register(entry)
    if version.number != expected:
        decision = replace(decision, version=version.number, champion_version=_after(decision, version.number))
        dossier.renumber(folder, version.number)
        complete(folder, decision)
        replace_files(version, dossier.PLACE, folder)
    return decision


def _decide_again(
    version: Version, config: ExperimentConfig, run_id: str, entries: tuple[Entry, ...], place: Path
) -> Decision:
    """Decide about a version that exists, by its evaluation of now."""
    stored, folder = local_folder(version), place / dossier.PLACE
    made_of = dossier.dossier_digest(version.name, config.dataset)
    if version.tags.get(MADE_OF) == made_of and (stored / dossier.PLACE / dossier.ABOUT).is_file():
        shutil.copytree(stored / dossier.PLACE, folder)
        renewed = False
    else:
        dossier.make_dossier(folder, version.name, config.dataset, run_id, kept=stored / dossier.PLACE)
        dossier.add_cost(folder, stored / MODEL_DATA, config.dataset, run_id)
        dossier.add_about(folder, version.name, config, version.number, run_id)
        renewed = True
    decision = decide(folder, stored / MODEL_DATA, version.number, config, version.name, run_id)
    gone = withdrawal(version.number, entries)
    if gone is not None and decision.promoted:
        decision = withheld(decision, gone)
    if renewed or decision.verdicts != stored_verdicts(folder) or decision.promoted:
        complete(folder, decision)
        replace_files(version, dossier.PLACE, folder)
        models.untag_version(version, tuple(stale_tags(version.tags, decision)))
        metrics = {f"test_{name}": repr(value) for name, value in Evidence(folder).metrics.items()}
        models.tag_version(version, {**metrics, **decision.tags(), MADE_OF: made_of})
    return decision


def _after(decision: Decision, number: int) -> int | None:
    return number if decision.promoted else decision.champion_version
