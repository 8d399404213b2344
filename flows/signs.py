"""Signs of life of flow runs: a tag tells which process a flow run belongs to, so that one whose process died is found.

The tag is given when the run is created, in one act; a server may be shared by projects and machines, and only who put
the sign up judges it.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING
from zlib import crc32

from remint import paths, signs
from remint.lifeline import VARIABLE

if TYPE_CHECKING:
    from prefect.client.orchestration import SyncPrefectClient
    from prefect.client.schemas.objects import FlowRun, StateType

FOLDER = paths.STATE / "flows"
_TAG = "remint.sign:"
_REASON = "its process died; found by the next command"


@contextmanager
def flow_sign(uses: str | None = None) -> Iterator[str]:
    """Give a tag for the flow runs that this process starts in the block, or lets Prefect start as its children.

    `uses`: address of the server where it is not one of this project's own.
    """
    sign = signs.Sign(FOLDER, _server(uses))
    try:
        with _lifeline():
            yield _TAG + sign.token
    except BaseException:
        sign.let_go()  # the server may not know that the run has ended
        raise
    sign.remove()


@contextmanager
def _lifeline() -> Iterator[None]:
    before = os.environ.get(VARIABLE)
    os.environ[VARIABLE] = str(os.getpid())
    try:
        yield
    finally:
        del os.environ[VARIABLE]
        if before is not None:
            os.environ[VARIABLE] = before


def crash_dead_runs(uses: str | None = None) -> tuple[str, ...]:
    """Set the flow and Prefect task runs to Crashed whose process died, drop those it had planned; name the crashed.

    Call it with a server at work, whose address is `uses` where it is not one of this project's own.
    """
    if not signs.any_dead(FOLDER, _server(uses)):
        return ()
    from prefect.client.orchestration import get_client

    names: list[str] = []
    with get_client(sync_client=True) as client:
        for sign in signs.dead_signs(FOLDER, _server(uses)):
            names += _crash(client, _TAG + sign.token)
    return tuple(names)


def _crash(client: "SyncPrefectClient", tag: str) -> list[str]:
    from prefect.client.schemas.objects import StateType
    from prefect.states import Crashed

    names: list[str] = []
    for run in _runs(client, tag, StateType.RUNNING, StateType.PENDING, StateType.CANCELLING, StateType.PAUSED):
        _crash_tasks(client, run)
        client.set_flow_run_state(run.id, Crashed(message=_REASON), force=True)
        names.append(run.name)
    for run in _runs(client, tag, StateType.SCHEDULED):
        client.delete_flow_run(run.id)
    return names


def _crash_tasks(client: "SyncPrefectClient", run: "FlowRun") -> None:
    from prefect.client.schemas.filters import (
        FlowRunFilter,
        FlowRunFilterId,
        TaskRunFilter,
        TaskRunFilterState,
        TaskRunFilterStateType,
    )
    from prefect.client.schemas.objects import TERMINAL_STATES, StateType
    from prefect.states import Crashed

    of_run = FlowRunFilter(id=FlowRunFilterId(any_=[run.id]))
    at_work = TaskRunFilterStateType(any_=[state for state in StateType if state not in TERMINAL_STATES])
    wanted = TaskRunFilter(state=TaskRunFilterState(type=at_work))
    while found := client.read_task_runs(flow_run_filter=of_run, task_run_filter=wanted, limit=200):
        for task in found:
            client.set_task_run_state(task.id, Crashed(message=_REASON), force=True)


def _runs(client: "SyncPrefectClient", tag: str, *states: "StateType") -> Iterator["FlowRun"]:
    """Give all runs of a tag in some states; each leaves them before the next are asked for."""
    from prefect.client.schemas.filters import (
        FlowRunFilter,
        FlowRunFilterState,
        FlowRunFilterStateType,
        FlowRunFilterTags,
    )

    wanted = FlowRunFilter(
        tags=FlowRunFilterTags(all_=[tag]),
        state=FlowRunFilterState(type=FlowRunFilterStateType(any_=list(states))),
    )
    while found := client.read_flow_runs(flow_run_filter=wanted, limit=100):
        yield from found


def _server(uses: str | None) -> str:
    """Give what the signs about a server begin with: those of this project have one store, whatever their port."""
    return f"{crc32((uses or 'own').encode()):08x}-"
