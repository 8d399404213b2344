"""The flow: bring the pipeline's stages up to date, then register and promote what they made."""

import re
import time
import traceback
from typing import Any

from prefect import State, flow, get_run_logger, task
from prefect.artifacts import create_markdown_artifact
from prefect.cache_policies import NO_CACHE
from prefect.events.worker import EventsWorker
from prefect.futures import PrefectFuture
from prefect.logging.handlers import APILogWorker
from prefect.runtime import flow_run

from flows.checkpoints import drop_finished
from flows.executor import DvcExecutor, Outcome
from flows.healing import at_work
from flows.lock import only_run
from flows.plan import Plan, experiment_targets, make_plan, open_repo
from flows.promotion import finish_experiment, remember, restore_baselines
from flows.reporter import Reporter
from flows.runners import stage_runner
from flows.summary import ExperimentResult, StageResult, Summary
from remint.config.load import Project, load_project
from remint.errors import RemintError
from remint.files import told_of_full_disk
from remint.lifeline import tie_to_named
from remint.sources import refresh as sources
from remint.tracking.store import check_store


class PipelineFailedError(RemintError):
    """Some stages or promotions failed; the message tells which and why."""

    def __init__(self, summary: Summary) -> None:
        super().__init__("\n".join(summary.errors))
        self.summary = summary


OPTIONS: dict[str, Any] = {"cache_policy": NO_CACHE, "persist_result": False}
"Of every Prefect task here: DVC alone decides what is stale, and no data passes through Prefect."


def _flow_run_name() -> str:
    return ", ".join(flow_run.parameters["names"])


@flow(name="remint", flow_run_name=_flow_run_name, validate_parameters=False, persist_result=False)
def pipeline(names: list[str], force: bool = False, jobs: int = 1, refresh: bool = False, wait: bool = False) -> None:
    """Run experiments or groups: stale stages only, then register and promote.

    `jobs` stages run at once; `refresh` looks first whether moving sources have moved; `wait` waits for a run at work.
    Raises PipelineFailedError when anything failed; what does not depend on it is finished first.
    """
    tie_to_named()
    with only_run(wait), at_work():
        check_store()
        reporter = Reporter()
        project = load_project()
        experiments = project.select(tuple(names))
        if refresh and _refresh(project, experiments, reporter):
            project = load_project()
        repo = open_repo()
        plan = make_plan(repo, experiment_targets(experiments))
        with stage_runner(jobs) as runner, DvcExecutor(repo, plan, runner) as executor, reporter.watching(plan):
            stages = _run_stages(plan, executor, force, jobs, reporter)
        drop_finished(stages)
        summary = _promote(project, experiments, stages, reporter)
        remember(summary, project)
    reporter.table(summary)
    if summary.failed:
        raise PipelineFailedError(summary)


def _refresh(project: Project, experiments: tuple[str, ...], reporter: Reporter) -> bool:
    """Look whether moving sources have moved; tell whether one has."""

    @task(task_run_name="refresh {dataset}", retries=2, retry_delay_seconds=5, **OPTIONS)
    def refresh_dataset(dataset: str) -> dict[str, tuple[str, str]]:
        return sources.refresh(dataset, project.datasets[dataset].source)

    moved = False
    for dataset in dict.fromkeys(project.experiments[name].dataset for name in experiments):
        if project.datasets[dataset].source.refresh:
            for file, (old, new) in refresh_dataset(dataset).items():
                reporter.note(
                    f"{dataset}: {file} has moved on, sha256 {old[:12]} -> {new[:12]} (datasets.yaml renewed)"
                )
                moved = True
    return moved


def _run_stages(
    plan: Plan, executor: DvcExecutor, force: bool, jobs: int, reporter: Reporter
) -> tuple[StageResult, ...]:
    """Bring the plan's stages up to date, one Prefect task each; leave out what depends on a failed one."""
    results: dict[str, StageResult] = {}

    @task(task_run_name="{address}", **OPTIONS)
    def run_stage(address: str) -> str:
        stage = next(stage for stage in plan.stages if stage.address == address)
        reporter.started(address)
        begin = time.perf_counter()
        outcome, error = Outcome.FAILED, ""
        try:
            outcome = executor.execute(stage, force)
        except Exception as failure:
            error = _told(failure)
            raise
        finally:
            results[address] = StageResult(address, outcome, time.perf_counter() - begin, error)
            reporter.finished(results[address])
            get_run_logger().info("%s in %.1f s %s", outcome, results[address].seconds, error)
        return str(outcome)

    if jobs == 1:
        for stage in plan.stages:
            if all(up in results and results[up].outcome is not Outcome.FAILED for up in stage.upstream):
                run_stage(stage.address, return_state=True)
    else:
        futures: dict[str, PrefectFuture[str]] = {}
        for stage in plan.stages:
            futures[stage.address] = run_stage.submit(
                stage.address, return_state=False, wait_for=[futures[up] for up in stage.upstream]
            )
        for future in futures.values():
            future.wait()
    return tuple(results[stage.address] for stage in plan.stages if stage.address in results)


def _promote(
    project: Project, experiments: tuple[str, ...], stages: tuple[StageResult, ...], reporter: Reporter
) -> Summary:
    """Register and promote every experiment whose evaluation is there, one Prefect task each."""
    results: list[ExperimentResult] = []
    errors = [f"{stage.address}: {stage.error}" for stage in stages if stage.outcome is Outcome.FAILED]

    def fail(error: str) -> None:
        errors.append(error)
        reporter.note(error)

    @task(task_run_name="promote {experiment}", **OPTIONS)
    def promote(experiment: str) -> str:
        result, page = finish_experiment(experiment, project.experiments[experiment])
        results.append(result)
        create_markdown_artifact(page, key=_artifact_key(experiment), description=result.reason)
        get_run_logger().info(results[-1].reason)
        return results[-1].reason

    there = {stage.address for stage in stages if stage.outcome is not Outcome.FAILED}
    for experiment in experiments:
        if f"evaluate@{experiment}" in there:
            with reporter.busy(f"promote {experiment}"):
                state = promote(experiment, return_state=True)
            if state.is_failed():
                fail(f"promote {experiment}: {_failure(state)}")
    for dataset in dict.fromkeys(project.experiments[name].dataset for name in experiments):
        if f"baseline@{dataset}" in there:
            try:
                restore_baselines(dataset)
            except Exception as error:
                fail(f"baselines of {dataset}: {_told(error)}")
    return Summary(stages, tuple(results), tuple(errors))


def _artifact_key(experiment: str) -> str:
    """Give the key of an experiment's decisions: Prefect takes lower-case letters, digits and dashes."""
    return re.sub("[^a-z0-9]+", "-", f"decision-{experiment}".lower()).strip("-")


def _failure(state: State[Any]) -> str:
    error = state.result(raise_on_failure=False)
    if isinstance(error, Exception):
        return _told(error)
    raise error


def _told(error: Exception) -> str:
    if isinstance(error, RemintError):
        return str(error)
    if told := told_of_full_disk(error):
        return told
    return f"a fault in remint, not in your project:\n{''.join(traceback.format_exception(error))}"


def send_what_is_left() -> None:
    """Send the logs and events that Prefect's client still holds, before a server of our own is stopped."""
    APILogWorker.drain_all(timeout=10)
    EventsWorker.drain_all(timeout=10)
