"""Serving the schedules of `params.yaml` as Prefect deployments."""

import asyncio
from datetime import UTC, datetime
from typing import Any, NoReturn

from prefect import serve
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import (
    FlowRunFilter,
    FlowRunFilterExpectedStartTime,
    FlowRunFilterState,
    FlowRunFilterStateType,
)
from prefect.client.schemas.objects import ConcurrencyLimitConfig, ConcurrencyLimitStrategy, StateType
from prefect.client.schemas.sorting import FlowRunSort
from prefect.schedules import Cron

from flows.pipeline import pipeline
from flows.verification import verification
from remint import paths
from remint.config.experiment import CronConfig
from remint.errors import ConfigError


def serve_schedules(schedules: dict[str, CronConfig], tag: str) -> NoReturn:
    """Serve until interrupted, then raise KeyboardInterrupt: each schedule is a deployment that runs once at a time.

    One of experiments refreshes its data first. A run that falls due while the same schedule's last one works is
    cancelled; one of another schedule waits. Runs that fell due while nobody served are dropped. `tag`: of every run.
    """
    deployments = [_deployment(name, schedule, tag) for name, schedule in schedules.items()]
    asyncio.run(_drop_missed_runs())
    serve(*deployments, limit=len(deployments) + 1, print_starting_message=False)
    raise KeyboardInterrupt  # which Prefect swallows: runs may have been cut off


def _deployment(name: str, schedule: CronConfig, tag: str) -> Any:
    flow: Any = pipeline if schedule.run else verification
    parameters = {"names": list(schedule.run), "refresh": True} if schedule.run else {}
    try:
        cron = Cron(schedule.cron, timezone=schedule.timezone)
        return flow.to_deployment(
            name=name,
            description=f"{schedule.what}: at {schedule.cron} ({schedule.timezone})",
            schedules=[cron],
            tags=[tag],
            parameters={**parameters, "wait": True},
            concurrency_limit=ConcurrencyLimitConfig(limit=1, collision_strategy=ConcurrencyLimitStrategy.CANCEL_NEW),
        )
    except ValueError as error:
        reason = str(error).splitlines()[-1].strip()
        raise ConfigError(
            f'{paths.PARAMS_FILE}: schedules.{name}.cron is "{schedule.cron}" with timezone "{schedule.timezone}": '
            f'{reason}; allowed: five fields such as "0 3 * * *" and a timezone such as "Europe/Berlin"'
        ) from None


async def _drop_missed_runs() -> None:
    """Delete scheduled runs whose time has passed."""
    missed = FlowRunFilter(
        state=FlowRunFilterState(type=FlowRunFilterStateType(any_=[StateType.SCHEDULED])),
        expected_start_time=FlowRunFilterExpectedStartTime(before_=datetime.now(UTC)),
    )
    async with get_client() as client:
        order = FlowRunSort.EXPECTED_START_TIME_ASC
        while runs := await client.read_flow_runs(flow_run_filter=missed, sort=order, limit=100):
            for run in runs:
                await client.delete_flow_run(run.id)
