"""`remint schedule` as a process, and Prefect's client beside it.

A busy SQLite lets the server answer 503; the client asks again.
"""

import contextlib
import time
from collections.abc import Iterator
from uuid import UUID, uuid4

from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.responses import DeploymentResponse

from tests.conftest import Project
from tests.flows.pages import free_port, serving


@contextlib.contextmanager
def scheduling(project: Project) -> Iterator[SyncPrefectClient]:
    """Run `remint schedule` until the block ends."""
    port = free_port()
    with (
        serving(project, "remint", "schedule", "--port", str(port), ready="Ctrl-C"),
        SyncPrefectClient(f"http://127.0.0.1:{port}/api") as client,
    ):
        yield client


def deployment(client: SyncPrefectClient) -> DeploymentResponse:
    for _ in range(240):
        if found := client.read_deployments():
            return found[0]
        time.sleep(0.5)
    raise AssertionError("no deployment appeared")


def ended(client: SyncPrefectClient, run_id: UUID) -> str:
    for _ in range(360):
        state = client.read_flow_run(run_id).state
        if state is not None and state.is_final():
            return state.type.value
        time.sleep(0.5)
    raise AssertionError("the run did not end")


def start(client: SyncPrefectClient, deployment_id: UUID) -> UUID:
    """Start a run, and one alone, however often the client asks."""
    return client.create_flow_run_from_deployment(deployment_id, idempotency_key=str(uuid4())).id
