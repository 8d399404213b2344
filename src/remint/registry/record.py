"""Putting into MLflow what stages have written: evaluations, and trainings that a cache gave back."""

import csv
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from remint import paths
from remint.config.metrics import METRICS, Task
from remint.config.specs import ClassesSpec, DataSpec
from remint.errors import RemintError
from remint.evaluation.finding_tables import write_finding_tables
from remint.evaluation.plots import draw_plots
from remint.files import read_json, scratch_folder
from remint.provenance import content_digest, section_of
from remint.tracking.records import RunRecord
from remint.tracking.runs import evaluation_digest, fail_evaluation, find_run, log_evaluation, open_run


@contextmanager
def recorded_evaluation(experiment: str) -> Iterator[None]:
    """Record the evaluation that the block writes. Where it raises, the run of the training becomes FAILED."""
    try:
        yield
    except BaseException as error:
        with suppress(RemintError, OSError):
            run_id = _find(experiment)
            if run_id is not None:
                fail_evaluation(run_id, error)
        raise
    record_evaluation(experiment)


def record_evaluation(experiment: str) -> str:
    """Add an experiment's evaluation to the run of its training, unless it is there, and give the run's id.

    Where the store has no run of that training, one is made from the files, tagged `remint.restored`.
    Raises RemintError.
    """
    run_id = _find(experiment) or _restore(experiment)
    report = paths.report("evaluate", experiment)
    digest = content_digest(report)
    if evaluation_digest(run_id) != digest:
        with scratch_folder(paths.TEMPORARY) as temporary:
            plots, tables = temporary / "plots", temporary / "tables"
            draw_evaluation(experiment, plots)
            write_finding_tables(report / "findings", tables)
            folders = {
                "plots": plots,
                "tables": tables,
                "evaluation": report,
                "training": _history_file(experiment).parent,
            }
            log_evaluation(run_id, read_json(report / "metrics.json"), folders, digest)
    return run_id


def draw_evaluation(experiment: str, out: Path) -> None:
    """Draw the plots of an experiment's training and evaluation into a folder."""
    description = read_json(paths.model(experiment) / "model.json")
    outputs = DataSpec.model_validate(description["spec"]).outputs
    classes = outputs.classes if isinstance(outputs, ClassesSpec) else ()
    task: Task = description["task"]
    draw_plots(_history_file(experiment), paths.report("evaluate", experiment), classes, METRICS[task][0], out)


def _find(experiment: str) -> str | None:
    trained = _trained(experiment)
    return find_run(trained["fingerprint"], trained["parts"]["parameters"]["dataset"], experiment)


def _restore(experiment: str) -> str:
    """Make a run from a training's files."""
    trained = _trained(experiment)
    parts = trained["parts"]
    record = RunRecord(
        parts["parameters"]["dataset"],
        experiment,
        "experiment",
        trained["fingerprint"],
        section_of(parts),
        parts["data"],
        trained,
        tags={"remint.restored": "true"},
    )
    with open_run(record) as run:
        for epoch, metrics in _history(experiment):
            run.add_epoch(epoch, metrics)
    return run.run_id


def _trained(experiment: str) -> dict[str, Any]:
    content: dict[str, Any] = read_json(paths.model(experiment) / "fingerprint.json")
    return content


def _history(experiment: str) -> Iterator[tuple[int, Mapping[str, float]]]:
    with _history_file(experiment).open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            yield int(row.pop("epoch")), {name: float(value) for name, value in row.items()}


def _history_file(experiment: str) -> Path:
    return paths.report("train", experiment) / "history.csv"
