"""Registering a model: its files first, the version last, so that a killed process leaves no version without files."""

import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from remint import paths
from remint.files import scratch_folder
from remint.provenance import content_digest
from remint.tracking.address import sqlite_file
from remint.tracking.failures import store_errors
from remint.tracking.models import (
    CHAMPION,
    FINGERPRINT,
    Version,
    alias_number,
    make_model,
    named,
    paged,
    version_of,
    versions,
)
from remint.tracking.packaging import FILES, FILES_SEAL, Package, write_package
from remint.tracking.records import experiment_id
from remint.tracking.settings import own_uri
from remint.tracking.store import client
from remint.tracking.version_files import stored_folder

if TYPE_CHECKING:
    from mlflow.entities import LoggedModel

_LINKED = "mlflow.modelVersions"
"Tag of a logged model that is, or was, a version: what was registered whole is not ours to delete."


@dataclass(frozen=True)
class Entry:
    """All that a new version is made of."""

    experiment: str
    dataset: str
    run_id: str
    fingerprint: str
    package: Package
    folders: Mapping[str, Path] = field(default_factory=dict)
    "Folders beside the package's, by their name in the version's folder."
    tags: Mapping[str, str] = field(default_factory=dict)


def register(entry: Entry) -> Version:
    """Log a package as the model of a run, then register it as a new version.

    Call it with the registry's lock held, after `clean_up`. Raises RemintError.
    """
    with store_errors():
        model_id, seal = _log_model(entry)
        make_model(entry.experiment)
        with own_uri():
            created = client().create_model_version(
                entry.experiment,
                f"models:/{model_id}",
                entry.run_id,
                tags={FINGERPRINT: entry.fingerprint, FILES_SEAL: seal, **entry.tags},
                model_id=model_id,
            )
    version = version_of(created, alias_number(entry.experiment, CHAMPION))
    _link(version)
    return version


def next_number(experiment: str) -> int:
    """Give the number that the next version is likely to get: MLflow alone decides, and never uses one again."""
    return max((version.number for version in versions(experiment)), default=0) + 1


def clean_up(experiment: str, dataset: str, run_id: str) -> None:
    """Delete what killed registrations of a model left: logged models without a version; link versions to theirs.

    Call it with the registry's lock held: no other process of this machine is at it then. Of a store that other
    machines write to, too, only what belongs to this run is looked at.
    """
    chosen = named(experiment) if sqlite_file() else f"source_run_id = '{run_id}'"
    _clean_up(experiment_id(dataset), chosen, experiment)


def clean_up_all() -> tuple[str, ...]:
    """Do so for all models of a store of this machine alone; name those of which something was left."""
    if sqlite_file() is None:
        return ()
    with store_errors():
        datasets = [entry.experiment_id for entry in paged(client().search_experiments)]
    return tuple(name for dataset in datasets for name in _clean_up(dataset))


def _clean_up(dataset_id: str, chosen: str | None = None, experiment: str | None = None) -> list[str]:
    cleaned: list[str] = []
    with store_errors():
        for model in list(paged(client().search_logged_models, [dataset_id], chosen)):
            if FINGERPRINT not in model.tags or _LINKED in model.tags or experiment not in (None, model.name):
                continue
            version = _version_from(model)
            if version is None:
                _delete(model)
            else:
                _link(version)
            cleaned.append(str(model.name))
    return cleaned


def _version_from(model: "LoggedModel") -> Version | None:
    """Give the version that was made from a logged model: by its run, as people rename registered models."""
    found = paged(client().search_model_versions, f"run_id = '{model.source_run_id}'")
    return next((version for entry in found if (version := version_of(entry, None)).model_id == model.model_id), None)


def _link(version: Version) -> None:
    """Show at a logged model which version it is."""
    linked = json.dumps([{"name": version.name, "version": version.number}])
    with store_errors():
        client().set_logged_model_tags(version.model_id, {_LINKED: linked})


def _delete(model: "LoggedModel") -> None:
    """Delete a logged model with its files, the files first: what is left is then found again."""
    folder = stored_folder(model.model_id)
    if folder is not None:
        shutil.rmtree(folder.parent if folder.name == "artifacts" else folder, ignore_errors=True)
    client().delete_logged_model(model.model_id)


def _log_model(entry: Entry) -> tuple[str, str]:
    """Log the files of a version to be; give the id of the logged model, and the sha256 of its `files.json`."""
    from mlflow.entities import LoggedModelOutput

    tags = {FINGERPRINT: entry.fingerprint}
    model = client().create_logged_model(experiment_id(entry.dataset), entry.experiment, entry.run_id, tags=tags)
    with scratch_folder(paths.TEMPORARY) as temporary:
        folder = temporary / "model"
        write_package(folder, entry.package, model.model_id, entry.run_id)
        seal = content_digest(folder / FILES)
        for name, files in entry.folders.items():
            shutil.copytree(files, folder / name)
        client().log_model_artifacts(model.model_id, str(folder))
    client().log_outputs(entry.run_id, [LoggedModelOutput(model.model_id, step=0)])
    _link_metrics(entry.run_id, model.model_id)
    client().finalize_logged_model(model.model_id, "READY")
    return str(model.model_id), seal


def _link_metrics(run_id: str, model_id: str) -> None:
    """Show a run's test metrics at its model, too; they stay one entry in the run."""
    from mlflow.entities import Metric

    run = client().get_run(run_id)
    names = [name for name in run.data.metrics if name.startswith("test_")]
    latest = [client().get_metric_history(run_id, name)[-1] for name in names]
    datasets = [entry.dataset for entry in run.inputs.dataset_inputs] if run.inputs else []
    about = {"dataset_name": datasets[0].name, "dataset_digest": datasets[0].digest} if datasets else {}
    metrics = [Metric(m.key, m.value, m.timestamp, m.step, model_id=model_id, run_id=run_id, **about) for m in latest]
    client().log_batch(run_id, metrics=metrics)
