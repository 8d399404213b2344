"""`remint run`."""

import os
import sys
from collections.abc import Callable

from flows.checkpoints import drop_finished
from flows.dvc_files import tell_healed
from flows.executor import Outcome
from flows.healing import at_work
from flows.lock import only_run
from flows.plan import Plan, experiment_targets, make_plan, open_repo, stale_stages
from flows.promotion import recall
from flows.reporter import Reporter
from flows.server import PrefectServer, running_server, use_server
from flows.signs import crash_dead_runs, flow_sign
from flows.summary import StageResult, Summary
from remint.cli.project import require_project
from remint.config.load import Project, load_project
from remint.environment import quick_imports
from remint.models.families import check_family
from remint.stages.run import stage_module


def run(names: tuple[str, ...], force: bool, jobs: int, refresh: bool) -> int:
    """Bring experiments up to date; give the exit code."""
    require_project()
    with at_work():
        return _run(names, force, jobs, refresh)


def _run(names: tuple[str, ...], force: bool, jobs: int, refresh: bool) -> int:
    project = load_project()
    experiments = project.select(names)
    plan, stale = _look(project, experiments)
    if not (force or refresh or stale) and _say_unchanged(plan, experiments, project):
        return 0
    with only_run():
        pass  # a run at work is told before a server is started; the flow takes the lock for itself
    kinds = {stage.kind for stage in plan.stages if force or stage.address in stale | plan.downstream(stale)}
    shared, url = os.environ.get("PREFECT_API_URL"), running_server()
    server = None if url else PrefectServer()
    try:
        use_server(server.url if server else str(url))
        with flow_sign(shared) as tag:
            flow = _prepared_flow(project, experiments, jobs, kinds)
            if server:
                server.wait()
            tell_healed(f"flow run of {name}: its process died; now Crashed" for name in crash_dead_runs(shared))
            return _run_flow(flow, tag, names=list(experiments), force=force, jobs=jobs, refresh=refresh)
    finally:
        if server:
            server.stop()


def dry_run(names: tuple[str, ...], force: bool) -> int:
    """Print what `run` would do."""
    require_project()
    project = load_project()
    plan, stale = _look(project, project.select(names))
    after = plan.downstream(stale)
    for stage in plan.stages:
        verdict = (
            "would run" if force or stage.address in stale else "may run" if stage.address in after else "unchanged"
        )
        print(f"{stage.address:<{plan.width}}  {verdict}")
    if after and not force:
        print("may run: it reads what a stage that would run writes, and runs if that differs")
    return 0


def _look(project: Project, experiments: tuple[str, ...]) -> tuple[Plan, frozenset[str]]:
    """Plan what leads to the experiments, and find what is stale of it."""
    for name in experiments:
        check_family(name, project.experiments[name].model["family"])
    repo = open_repo()
    plan = make_plan(repo, experiment_targets(experiments))
    return plan, stale_stages(repo, plan)


def _say_unchanged(plan: Plan, experiments: tuple[str, ...], project: Project) -> bool:
    """Print the last run's table, if it still tells the truth; tell whether it does."""
    results = recall(experiments, project)
    if results is None:
        return False
    reporter = Reporter(plan)
    stages = tuple(StageResult(stage.address, Outcome.UNCHANGED, 0.0) for stage in plan.stages)
    drop_finished(stages)
    for stage in stages:
        reporter.finished(stage)
    reporter.table(Summary(stages, results))
    return True


def _prepared_flow(project: Project, experiments: tuple[str, ...], jobs: int, kinds: set[str]) -> Callable[..., None]:
    """Import the flow and what its stages need, while the server starts."""
    with quick_imports():
        if "train" in kinds:
            _check_models(project, experiments)
        from flows.pipeline import pipeline

        for kind in sorted(kinds) if jobs == 1 else ():
            stage_module(kind)
    return pipeline


def _run_flow(flow: Callable[..., None], tag: str, **arguments: object) -> int:
    """Run the flow with a tag on it; give the exit code."""
    from prefect import tags

    from flows.pipeline import PipelineFailedError, send_what_is_left

    try:
        with tags(tag):
            flow(**arguments)
    except PipelineFailedError as failure:
        print(f"remint: failed: {len(failure.summary.errors)}; see above", file=sys.stderr)
        return failure.exit_code
    finally:
        send_what_is_left()
    return 0


def _check_models(project: Project, experiments: tuple[str, ...]) -> None:
    """Read the model sections by their families, so that a wrong one is told before the first stage runs."""
    from remint.models.base import model_config

    for name in experiments:
        model_config(name, project.experiments[name].model)
