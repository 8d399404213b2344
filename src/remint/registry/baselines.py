"""Putting a dataset's baselines into MLflow."""

import hashlib
from collections.abc import Mapping
from typing import Any

from remint import paths
from remint.config.base import Config, Name
from remint.config.dataset import BaselineConfig
from remint.config.load import load_section
from remint.files import json_text, read_json
from remint.git import git_state
from remint.provenance import content_digest
from remint.tracking.records import RunRecord
from remint.tracking.runs import evaluation_digest, find_run, log_evaluation, open_run


class BaselinesSection(Config):
    """What is declared about a dataset's baselines."""

    baselines: dict[Name, BaselineConfig]


def declared_baselines(dataset: str) -> Mapping[str, BaselineConfig]:
    """Give a dataset's declared baselines by name. Raises ConfigError."""
    return load_section(paths.DATASETS_FILE, "datasets", dataset, BaselinesSection).baselines


def record_baselines(dataset: str) -> None:
    """Record each baseline of a dataset as a run, unless the store has one with the same parameters and results.

    Raises RemintError.
    """
    declared = declared_baselines(dataset)
    results = read_json(paths.report("baseline", dataset) / "metrics.json")
    prepared = paths.prepared(dataset)
    inputs = {prepared.as_posix(): content_digest(prepared)}
    for name, metrics in results.items():
        parameters = declared[name].model_dump(mode="json") if name in declared else {}
        digest = _digest({"name": name, "parameters": parameters, "metrics": metrics})
        run_name = f"baseline-{name}"
        found = find_run(digest, dataset, run_name)
        if found is None:
            record = RunRecord(dataset, run_name, "baseline", digest, parameters, inputs, git=git_state())
            with open_run(record) as run:
                log_evaluation(run.run_id, metrics, {}, digest)
        elif evaluation_digest(found) is None:  # it was interrupted when all but its status was told
            log_evaluation(found, metrics, {}, digest)


def _digest(content: dict[str, Any]) -> str:
    return hashlib.sha256(json_text(content).encode()).hexdigest()
