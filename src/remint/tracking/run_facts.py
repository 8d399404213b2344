"""What a run tells of the training that it records."""

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from remint.errors import RemintError
from remint.tracking.failures import store_errors
from remint.tracking.runs import SECONDS
from remint.tracking.store import client

if TYPE_CHECKING:
    from mlflow.entities import RunInfo


@dataclass(frozen=True)
class RunFacts:
    """Of one training; None where nobody knows, as of a run made from files."""

    commit: str | None = None
    dirty: bool = False
    seconds: float | None = None
    "For how long it was at work, from the building of the network to the writing of its weights."


def run_facts(run_id: str) -> RunFacts:
    """Give what a run tells; nothing for one that is gone."""
    with suppress(RemintError), store_errors():
        run = client().get_run(run_id)
        tags, info = run.data.tags, run.info
        if tags.get("remint.restored") != "true":
            dirty = tags.get("remint.dirty") == "true"
            return RunFacts(tags.get("mlflow.source.git.commit"), dirty, _seconds(info, tags.get(SECONDS)))
    return RunFacts()


def _seconds(info: "RunInfo", tag: str | None) -> float | None:
    """Give the seconds of a run, of one that an earlier remint made from its beginning to its end."""
    if tag is not None:
        return float(tag)
    return (info.end_time - info.start_time) / 1000 if info.end_time else None


def fetch_files(run_id: str, place: str, folder: Path) -> bool:
    """Copy a folder of a run into `folder`; tell whether the run has it."""
    with store_errors():
        if not client().list_artifacts(run_id, place):
            return False
        client().download_artifacts(run_id, place, str(folder))
    return True
