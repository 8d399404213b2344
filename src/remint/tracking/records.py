"""What stands in a run: parameters, metrics, tags, the dataset, the environment."""

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from hashlib import sha256
from itertools import islice
from typing import TYPE_CHECKING, TypeVar

from remint.errors import RemintError
from remint.files import json_text
from remint.git import GitState
from remint.tracking.address import artifact_location
from remint.tracking.failures import store_errors
from remint.tracking.settings import impatient
from remint.tracking.store import client

if TYPE_CHECKING:
    from mlflow.entities import Metric

Item = TypeVar("Item")

FINGERPRINT = "fingerprint.json"
"File of a run that tells all that decided the training."
_EXPERIMENT_TAGS = {"mlflow.experimentKind": "custom_model_development"}
"MLflow's pages then show runs and models, and not what is for language models."
_PARAMETERS_A_REQUEST = 100
_METRICS_A_REQUEST = 1000
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


@dataclass
class TrainingRun:
    """A run at work."""

    run_id: str
    logged: Mapping[str, int] = field(default_factory=dict)
    "Of each metric the last epoch that the store has, where the run goes on: what comes again is not sent again."
    earlier: float = 0.0
    "Seconds for which it had been at work before."
    _began: float = field(default_factory=time.monotonic)
    _unsent: "list[Metric]" = field(default_factory=list)

    @property
    def seconds(self) -> float:
        """For how long it has been at work in all, without the time between."""
        return self.earlier + time.monotonic() - self._began

    def about(self) -> tuple[str, float]:
        """Give what a checkpoint tells of the run: its id and its seconds."""
        return self.run_id, self.seconds

    def log_row(self, row: Mapping[str, float]) -> None:
        """Record a row of a training's history, like `log_epoch`."""
        self.log_epoch(*_epoch_of(row))

    def add_row(self, row: Mapping[str, float]) -> None:
        """Take a row of a training's history, like `add_epoch`."""
        self.add_epoch(*_epoch_of(row))

    def log_epoch(self, epoch: int, metrics: Mapping[str, float]) -> None:
        """Record an epoch's metrics in one request. What the store does not take is sent with the next epoch."""
        self.add_epoch(epoch, metrics)
        with suppress(RemintError), impatient():
            self.send()

    def add_epoch(self, epoch: int, metrics: Mapping[str, float]) -> None:
        """Take an epoch's metrics, to be sent later."""
        new = {name: value for name, value in metrics.items() if epoch > self.logged.get(name, -1)}
        self._unsent += _metrics(new, epoch)

    def send(self) -> None:
        """Send what is not sent yet. Raises RemintError."""
        with store_errors():
            for batch in _batches(self._unsent, _METRICS_A_REQUEST):
                client().log_batch(self.run_id, metrics=batch)
        self._unsent.clear()


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
        tags |= {"remint.evaluated": "true", "remint.evaluation": evaluation}
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


def log_parameters(run_id: str, parameters: Mapping[str, object]) -> None:
    """Log nested parameters flat."""
    from mlflow.entities import Param

    for batch in _batches(list(flat(parameters).items()), _PARAMETERS_A_REQUEST):
        client().log_batch(run_id, params=[Param(name, value) for name, value in batch])


def flat(parameters: Mapping[str, object], prefix: str = "") -> dict[str, str]:
    """Give nested parameters as `section.key`: text; what is not set is left out."""
    found: dict[str, str] = {}
    for name, value in parameters.items():
        if isinstance(value, Mapping):
            found |= flat(value, f"{prefix}{name}.")
        elif value is not None:
            found[f"{prefix}{name}"] = value if isinstance(value, str) else json.dumps(value)
    return found


def send_metrics(run_id: str, metrics: Mapping[str, float], step: int) -> None:
    """Log metrics of one step in one request."""
    client().log_batch(run_id, metrics=_metrics(metrics, step))


def dataset_digest(inputs: Mapping[str, str]) -> str:
    """Give one digest, as long as MLflow takes it, for the data that a run reads."""
    digests = list(inputs.values())
    whole = digests[0] if len(digests) == 1 else sha256(json_text(dict(inputs)).encode()).hexdigest()
    return whole[:_DIGEST_LENGTH]


def _epoch_of(row: Mapping[str, float]) -> tuple[int, dict[str, float]]:
    return int(row["epoch"]), {name: value for name, value in row.items() if name != "epoch"}


def _metrics(metrics: Mapping[str, float], step: int) -> "list[Metric]":
    from mlflow.entities import Metric

    now = time.time_ns() // 1_000_000
    return [Metric(name, float(value), now, step) for name, value in metrics.items()]


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


def _batches(items: Sequence[Item], size: int) -> Iterator[list[Item]]:
    rest = iter(items)
    while batch := list(islice(rest, size)):
        yield batch
