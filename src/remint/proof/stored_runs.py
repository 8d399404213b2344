"""Runs of the MLflow store, as what they hold tells of a training."""

import json
import re
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from remint.errors import RemintError
from remint.files import read_json
from remint.tracking.failures import store_errors
from remint.tracking.store import client

_ID = re.compile("[0-9a-f]{4,32}")
_MOST = 10
"Runs that are looked at where a prefix fits more than one."


@dataclass(frozen=True)
class StoredRun:
    """A run."""

    run_id: str
    tags: Mapping[str, str]
    parameters: Mapping[str, str]
    "Flat, with dots."
    metrics: Mapping[str, float]
    dataset: str
    digest: str | None
    "Of its data, as `tracking.records.dataset_digest` gives it."

    @property
    def experiment(self) -> str:
        """Name of the experiment that it trained."""
        return self.tags.get("remint.experiment", "")


def find_runs(prefix: str) -> tuple[str, ...]:
    """Give the ids of the runs that begin with a prefix of at least four hexadecimal digits, ten at most."""
    if not _ID.fullmatch(prefix):
        return ()
    with store_errors():
        experiments = [experiment.experiment_id for experiment in client().search_experiments()]
        if not experiments:
            return ()
        found = client().search_runs(experiments, f"attributes.run_id LIKE '{prefix}%'", max_results=_MOST)
    return tuple(sorted(str(run.info.run_id) for run in found))


def read_run(run_id: str) -> StoredRun:
    """Read a run. Raises RemintError where it is gone."""
    with store_errors():
        run = client().get_run(run_id)
        name = client().get_experiment(run.info.experiment_id).name
    inputs = run.inputs.dataset_inputs if run.inputs else []
    return StoredRun(
        run_id=run_id,
        tags=dict(run.data.tags),
        parameters=dict(run.data.params),
        metrics=dict(run.data.metrics),
        dataset=inputs[0].dataset.name if inputs else str(name),
        digest=inputs[0].dataset.digest if inputs else None,
    )


def run_json(run_id: str, file: str) -> Any:
    """Give the content of a JSON file of a run; None where it has no such file."""
    with suppress(RemintError, OSError, json.JSONDecodeError), store_errors(), tempfile.TemporaryDirectory() as folder:
        parent = file.rpartition("/")[0] or None
        if any(entry.path == file for entry in client().list_artifacts(run_id, parent)):
            return read_json(Path(client().download_artifacts(run_id, file, folder)))
    return None
