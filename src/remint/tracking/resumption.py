"""Taking up the run of a training that was cut off."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from remint.tracking.failures import store_errors
from remint.tracking.store import client
from remint.tracking.training import TrainingRun

if TYPE_CHECKING:
    from mlflow.entities import Run

RESUMED = "remint.resumed"
"Tag: how many times a run was taken up."


@dataclass(frozen=True)
class Earlier:
    """What is known of the run of a training that goes on."""

    run_id: str
    seconds: float
    "For how long it had been at work."
    history: Sequence[Mapping[str, float]]
    "A row of figures an epoch, with its number as `epoch`."


def take_up(earlier: Earlier, fingerprint: str, sign: str) -> TrainingRun | None:
    """Put a run to work again under a new sign; None where the store does not have it, or has it for another training.

    Raises RemintError.
    """
    with store_errors():
        run = _find(earlier.run_id)
        if run is None or run.data.tags.get("remint.fingerprint") != fingerprint:
            return None
        client().set_tag(earlier.run_id, "remint.sign", sign)
        client().set_tag(earlier.run_id, RESUMED, str(int(run.data.tags.get(RESUMED, "0")) + 1))
        if "remint.failure" in run.data.tags:
            client().delete_tag(earlier.run_id, "remint.failure")
        client().update_run(earlier.run_id, "RUNNING")
        return TrainingRun(earlier.run_id, _logged(run), earlier.seconds)


def _find(run_id: str) -> "Run | None":
    from mlflow.exceptions import MlflowException

    try:
        run = client().get_run(run_id)
    except MlflowException as error:
        if error.error_code != "RESOURCE_DOES_NOT_EXIST":
            raise
        return None
    return run if run.info.lifecycle_stage == "active" else None


def _logged(run: "Run") -> dict[str, int]:
    """Give the last epoch that is recorded, by metric."""
    steps = {name: client().get_metric_history(run.info.run_id, name) for name in run.data.metrics}
    return {name: max(entry.step for entry in entries) for name, entries in steps.items() if entries}
