"""MLflow runs: one for each training and each baseline, in the MLflow experiment of their dataset."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from remint.errors import RemintError
from remint.git import git_state
from remint.tracking.failures import store_errors
from remint.tracking.records import EVALUATION, RunRecord, create_run, end_run
from remint.tracking.resumption import Earlier, take_up
from remint.tracking.signs import Sign, cut_off
from remint.tracking.store import client
from remint.tracking.training import TrainingRun
from remint.tracking.values import send_metrics

TEST_STEP = 0
SECONDS = "remint.seconds"
"Tag: for how long a training was at work."


@contextmanager
def training_run(
    dataset: str,
    name: str,
    parameters: Mapping[str, object],
    trained: Mapping[str, Any],
    earlier: Earlier | None = None,
) -> Iterator[TrainingRun]:
    """Record the training inside the block as one run, named after the experiment `name`.

    `trained` is the content of its `fingerprint.json`. The run ends FINISHED, FAILED with the reason in the tag
    `remint.failure`, or KILLED by Ctrl-C; `mark_dead_runs` ends one whose process died. A training that goes on does so
    in its `earlier` run, where the store still has it; its epochs are then recorded already, or will be with the next.
    Raises RemintError where the store cannot be used.
    """
    inputs = trained["parts"]["data"]
    record = RunRecord(
        dataset, name, "experiment", trained["fingerprint"], parameters, inputs, trained, git=git_state()
    )
    with open_run(record, earlier) as run:
        for row in earlier.history if earlier is not None else ():
            run.add_row(row)
        yield run
        with store_errors():
            client().set_tag(run.run_id, SECONDS, f"{run.seconds:.3f}")


@contextmanager
def open_run(record: RunRecord, earlier: Earlier | None = None) -> Iterator[TrainingRun]:
    """Create a run, or take the earlier one up, and end it with the block as `training_run` tells."""
    sign = Sign()
    ended = False
    try:
        run = earlier and take_up(earlier, record.fingerprint, sign.token)
        run = run or TrainingRun(create_run(record, sign.token))
        try:
            yield run
            run.send()
        except BaseException as error:
            with suppress(RemintError):
                end_run(run.run_id, "FAILED" if isinstance(error, Exception) else "KILLED", _reason(error))
                ended = True
            raise
        end_run(run.run_id, "FINISHED")
        ended = True
    finally:
        if ended:
            sign.remove()
        else:
            sign.let_go()


def find_run(fingerprint: str, dataset: str, name: str) -> str | None:
    """Give the id of the newest run of a training that came to its end; None where the store has none."""
    wanted = {"remint.fingerprint": fingerprint, "remint.experiment": name, "remint.trained": "true"}
    with store_errors():
        experiment = client().get_experiment_by_name(dataset)
        if experiment is None:
            return None
        found = client().search_runs(
            [experiment.experiment_id],
            " and ".join(f"tags.`{key}` = '{value}'" for key, value in wanted.items()),
            order_by=["attributes.start_time DESC"],
            max_results=1,
        )
    return str(found[0].info.run_id) if found else None


def log_evaluation(run_id: str, metrics: Mapping[str, float], folders: Mapping[str, Path], digest: str) -> None:
    """Add metrics of the test split, as `test_METRIC`, and files to a run; `folders` maps folders of the run to ours.

    `digest` tells what was added; `evaluation_digest` gives it back, and until all is added, none: that of the
    evaluation before goes first. A metric that the run holds already, from a process that was killed before the end, is
    not sent again. Raises RemintError.
    """
    with store_errors():
        run = client().get_run(run_id)
        if EVALUATION in run.data.tags:
            client().delete_tag(run_id, EVALUATION)
        held = run.data.metrics
        named = {f"test_{name}": float(value) for name, value in metrics.items()}
        send_metrics(run_id, {n: value for n, value in named.items() if repr(held.get(n)) != repr(value)}, TEST_STEP)
        for place, folder in folders.items():
            client().log_artifacts(run_id, str(folder), place or None)
    end_run(run_id, "FINISHED", evaluation=digest)


def fail_evaluation(run_id: str, error: BaseException) -> None:
    """Mark a run FAILED (KILLED by Ctrl-C) whose training went well and whose evaluation did not."""
    end_run(run_id, "FAILED" if isinstance(error, Exception) else "KILLED", _reason(error))


def evaluation_digest(run_id: str) -> str | None:
    """Give the digest of the evaluation that a run holds, None where it holds none."""
    with store_errors():
        run = client().get_run(run_id)
    return run.data.tags.get(EVALUATION) if run.info.status == "FINISHED" else None


def test_metrics(run_id: str) -> dict[str, float]:
    """Give the metrics of the test split that a run holds, without the prefix; none for a run that is gone."""
    with suppress(RemintError), store_errors():
        metrics = client().get_run(run_id).data.metrics
        return {name.removeprefix("test_"): value for name, value in metrics.items() if name.startswith("test_")}
    return {}


def mark_dead_runs() -> tuple[str, ...]:
    """Mark the runs FAILED whose process has died, and give their names. Does not load MLflow where there is none.

    One whose work was complete, and only its status not told yet, ends FINISHED and is not named. Raises RemintError
    where the store cannot be used.
    """
    names: list[str] = []
    for sign in cut_off():
        for run_id, tags in _running(sign.token):
            if tags.get("remint.trained") == "true":
                end_run(run_id, "FINISHED")
                continue
            end_run(run_id, "FAILED", "its process died")
            names.append(tags["remint.experiment"])
        sign.file.unlink(missing_ok=True)
    return tuple(names)


def _running(token: str) -> Sequence[tuple[str, Mapping[str, str]]]:
    """Give id and tags of the runs at work under a sign: one, or none if its process died before."""
    with store_errors():
        experiments = [experiment.experiment_id for experiment in client().search_experiments()]
        query = f"tags.`remint.sign` = '{token}' and attributes.status = 'RUNNING'"
        found = client().search_runs(experiments, query)
    return [(run.info.run_id, run.data.tags) for run in found]


def _reason(error: BaseException) -> str:
    if isinstance(error, RemintError):
        return str(error)
    return f"{type(error).__name__}: {error}".removesuffix(": ")
