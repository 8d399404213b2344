"""Registered models: one an experiment, a version a fingerprint; the alias `champion` is on the one that is served."""

import json
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from remint.tracking.failures import store_errors
from remint.tracking.packaging import Package, write_package
from remint.tracking.records import experiment_id
from remint.tracking.settings import own_uri
from remint.tracking.store import client

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities.model_registry import ModelVersion

CHAMPION = "champion"
FINGERPRINT = "remint.fingerprint"


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


def versions(experiment: str) -> tuple[Version, ...]:
    """Give all versions of an experiment's model, newest first; none where it was never registered."""
    with store_errors():
        served = _champion_number(client(), experiment)
        found = client().search_model_versions(f"name = '{experiment}'", max_results=1000)
    return tuple(sorted((_version(entry, served) for entry in found), key=lambda v: v.number, reverse=True))


def champion(experiment: str) -> Version | None:
    """Give the version that is served, None where there is none."""
    with store_errors():
        number = _champion_number(client(), experiment)
        if number is None:
            return None
        return _version(client().get_model_version(experiment, str(number)), number)


def find_version(experiment: str, fingerprint: str) -> Version | None:
    """Give the version of a fingerprint, None where it was never registered."""
    return next((version for version in versions(experiment) if version.fingerprint == fingerprint), None)


def register(
    experiment: str, dataset: str, run_id: str, fingerprint: str, package: Package, tags: Mapping[str, str]
) -> Version:
    """Log a package as the model of a run, then register it as a new version.

    The version comes last, so that a process killed before leaves none without files. Raises RemintError.
    """
    with store_errors():
        model_id = _log_model(experiment, experiment_id(dataset), run_id, fingerprint, package)
        if not client().search_registered_models(f"name = '{experiment}'"):
            client().create_registered_model(experiment)
        with own_uri():
            created = client().create_model_version(
                experiment,
                f"models:/{model_id}",
                run_id,
                tags={FINGERPRINT: fingerprint, **tags},
                model_id=model_id,
            )
        linked = json.dumps([{"name": experiment, "version": int(created.version)}])
        client().set_logged_model_tags(model_id, {"mlflow.modelVersions": linked})
    return _version(created, None)


def tag_version(version: Version, tags: Mapping[str, str]) -> None:
    """Set tags of a version that differ from what it has."""
    with store_errors():
        for name, value in tags.items():
            if version.tags.get(name) != value:
                client().set_model_version_tag(version.name, str(version.number), name, value)


def make_champion(version: Version) -> None:
    """Move the alias `champion` to a version."""
    with store_errors():
        client().set_registered_model_alias(version.name, CHAMPION, str(version.number))


def _log_model(experiment: str, experiment_id: str, run_id: str, fingerprint: str, package: Package) -> str:
    """Give the id of a run's model, logging it unless it is there; what a killed process left half-made is deleted."""
    from mlflow.entities import LoggedModelOutput, LoggedModelStatus

    for earlier in client().search_logged_models([experiment_id], f"source_run_id = '{run_id}'"):
        if earlier.status == LoggedModelStatus.READY:
            return str(earlier.model_id)
        client().delete_logged_model(earlier.model_id)
    model = client().create_logged_model(experiment_id, experiment, run_id, tags={FINGERPRINT: fingerprint})
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary) / "model"
        write_package(folder, package, model.model_id, run_id)
        client().log_model_artifacts(model.model_id, str(folder))
    client().log_outputs(run_id, [LoggedModelOutput(model.model_id, step=0)])
    _link_metrics(run_id, model.model_id)
    client().finalize_logged_model(model.model_id, "READY")
    return str(model.model_id)


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


def _champion_number(client: "MlflowClient", experiment: str) -> int | None:
    found = client.search_registered_models(f"name = '{experiment}'")
    number = found[0].aliases.get(CHAMPION) if found else None
    return None if number is None else int(number)


def _version(entry: "ModelVersion", champion: int | None) -> Version:
    number = int(entry.version)
    return Version(
        entry.name, number, entry.run_id or "", entry.tags.get(FINGERPRINT, ""), entry.tags, number == champion
    )
