"""Parameters and metrics on their way to the store, in requests of a size that it takes."""

import json
import time
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import TYPE_CHECKING, TypeVar

from remint.tracking.store import client

if TYPE_CHECKING:
    from mlflow.entities import Metric

Item = TypeVar("Item")

_PARAMETERS_A_REQUEST = 100
_METRICS_A_REQUEST = 1000


def log_parameters(run_id: str, parameters: Mapping[str, object]) -> None:
    """Log nested parameters flat."""
    from mlflow.entities import Param

    for batch in _batches(flat(parameters).items(), _PARAMETERS_A_REQUEST):
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
    """Log metrics of one step."""
    send_entries(run_id, metric_entries(metrics, step))


def send_entries(run_id: str, entries: "Iterable[Metric]") -> None:
    """Log values of metrics, each with its step."""
    for batch in _batches(entries, _METRICS_A_REQUEST):
        client().log_batch(run_id, metrics=batch)


def metric_entries(metrics: Mapping[str, float], step: int) -> "list[Metric]":
    """Give metrics of one step as the store takes them."""
    from mlflow.entities import Metric

    now = time.time_ns() // 1_000_000
    return [Metric(name, float(value), now, step) for name, value in metrics.items()]


def _batches(items: Iterable[Item], size: int) -> Iterator[list[Item]]:
    rest = iter(items)
    while batch := list(islice(rest, size)):
        yield batch
