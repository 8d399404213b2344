"""What stands in a run: parameters, metrics, tags, the dataset, the environment."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256

from remint.files import json_text
from remint.git import GitState
from remint.tracking.address import artifact_location
from remint.tracking.failures import store_errors
from remint.tracking.store import client
from remint.tracking.values import log_parameters

FINGERPRINT = "fingerprint.json"
"File of a run that tells all that decided the training."
EVALUATION = "remint.evaluation"
"Tag of a run: digest of the evaluation that it holds whole."
_EXPERIMENT_TAGS = {"mlflow.experimentKind": "custom_model_development"}
"MLflow's pages then show runs and models, and not what is for language models."
_DIGEST_LENGTH = 36
"MLflow takes no longer digest of a dataset."
_TAG_LENGTH = 5000


@dataclass(frozen=True)
class RunRecord:
    """What a run is about: all that is known before it begins."""

    dataset: str
    "Names the MLflow experiment."
    name: str
    kind: str
    "`experiment` or `baseline`."
    fingerprint: str
    parameters: Mapping[str, object]
    "Nested; logged flat, with dots."
    inputs: Mapping[str, str] = field(default_factory=dict)
    "Path to sha256 of the data that is read."
    trained: Mapping[str, object] = field(default_factory=dict)
    "Content of the training's `fingerprint.json`, which becomes a file of the run."
    git: GitState | None = None
    "None for a run made from files: nobody knows which commit made them."
    tags: Mapping[str, str] = field(default_factory=dict)


def create_run(record: RunRecord, sign: str) -> str:
    """Create a run that holds all of a record, status RUNNING; give its id."""
    with store_errors():
        run = client().create_run(experiment_id(record.dataset), run_name=record.name, tags=_tags(record, sign))
        run_id = str(run.info.run_id)
        log_parameters(run_id, {name: value for name, value in record.parameters.items() if name != "dataset"})
        if record.inputs:
            _log_dataset(run_id, record.dataset, record.inputs)
        if record.trained:
            client().log_text(run_id, json_text(dict(record.trained)), FINGERPRINT)
        if record.git is not None and record.git.dirty:
            client().log_text(run_id, record.git.diff, "uncommitted.diff")
    return run_id


def end_run(run_id: str, status: str, failure: str = "", evaluation: str = "") -> None:
    """Give a run its status, with the reason of a failure, or the digest of the evaluation that it holds now.

    An evaluation does not move the end: the run's duration stays the training's.
    """
    from mlflow.entities import RunTag

    tags = {"remint.failure": failure[:_TAG_LENGTH]} if failure else {"remint.trained": "true"}
    if evaluation:
        tags |= {"remint.evaluated": "true", EVALUATION: evaluation}
    with store_errors():
        run = client().get_run(run_id)
        if not failure and "remint.failure" in run.data.tags:
            client().delete_tag(run_id, "remint.failure")
        client().log_batch(run_id, tags=[RunTag(key, value) for key, value in tags.items()])
        client().set_terminated(run_id, status, end_time=run.info.end_time if evaluation else None)


def experiment_id(dataset: str) -> str:
    """Give the id of a dataset's MLflow experiment, which is made, or restored, where there is none."""
    from mlflow.exceptions import MlflowException

    found = client().get_experiment_by_name(dataset)
    if found is None:
        try:
            return str(client().create_experiment(dataset, artifact_location(dataset), _EXPERIMENT_TAGS))
        except MlflowException:  # another process was faster
            found = client().get_experiment_by_name(dataset)
            if found is None:
                raise
    if found.lifecycle_stage == "deleted":
        client().restore_experiment(found.experiment_id)
    return str(found.experiment_id)


def dataset_digest(inputs: Mapping[str, str]) -> str:
    """Give one digest, as long as MLflow takes it, for the data that a run reads."""
    digests = list(inputs.values())
    whole = digests[0] if len(digests) == 1 else sha256(json_text(dict(inputs)).encode()).hexdigest()
    return whole[:_DIGEST_LENGTH]


def _tags(record: RunRecord, sign: str) -> dict[str, str]:
    tags = {
        "remint.experiment": record.name,
        "remint.kind": record.kind,
        "remint.fingerprint": record.fingerprint,
        "remint.sign": sign,
        "mlflow.source.type": "LOCAL",
        "mlflow.source.name": f"remint {record.kind} {record.name}",
        **record.tags,
    }
    if record.git is not None:
        tags["remint.dirty"] = str(record.git.dirty).lower()
        if record.git.commit:
            tags["mlflow.source.git.commit"] = record.git.commit
    return tags


def _log_dataset(run_id: str, dataset: str, inputs: Mapping[str, str]) -> None:
    from mlflow.entities import Dataset, DatasetInput, InputTag

    entry = Dataset(dataset, dataset_digest(inputs), "local", json.dumps({"uri": ", ".join(inputs)}))
    client().log_inputs(run_id, [DatasetInput(entry, [InputTag("mlflow.data.context", "training")])])
