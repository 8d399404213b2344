"""`remint schedule`: deployments in Prefect, one run at a time, data refreshed first."""

import shutil
import time
from collections.abc import Callable
from uuid import UUID, uuid4

from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.responses import DeploymentResponse

from tests.conftest import Project
from tests.flows.pages import free_port, serving


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
    """Start a run once: a busy SQLite lets the server answer 503, and the client asks again."""
    return client.create_flow_run_from_deployment(deployment_id, idempotency_key=str(uuid4())).id


def test_a_schedule_refreshes_its_data_and_runs_once_at_a_time(
    finished: Project, copy_of: Callable[[Project], Project]
) -> None:
    project = copy_of(finished)
    moving = project.root.parent / "moving.csv"

    def follow(content: dict) -> None:
        source = content["datasets"]["adult"]["source"]
        (entry,) = source["files"].values()
        shutil.copy(entry["from"][0]["path"], moving)
        entry["from"][0]["path"] = str(moving)
        source["refresh"] = True

    project.edit("datasets.yaml", follow)
    project.edit(
        "params.yaml",
        lambda c: c.update(schedules={"nightly": {"cron": "0 3 1 1 *", "run": ["adult-logistic"], "timezone": "UTC"}}),
    )
    lock = project.lock()
    rows = moving.read_text().splitlines()
    moving.write_text("\n".join(rows[:-5]) + "\n")
    port = free_port()
    with (
        serving(project, "remint", "schedule", "--port", str(port), ready="Ctrl-C"),
        SyncPrefectClient(f"http://127.0.0.1:{port}/api") as client,
    ):
        nightly = deployment(client)
        assert nightly.name == "nightly"
        assert nightly.schedules[0].schedule.model_dump()["cron"] == "0 3 1 1 *"
        both = [start(client, nightly.id) for _ in range(2)]
        assert sorted(ended(client, run_id) for run_id in both) == ["CANCELLED", "COMPLETED"]
    assert len(list((project.root / ".remint" / "flows").iterdir())) == 1, "what Ctrl-C cut off is left for the next"
    assert project.lock() != lock
    assert "unchanged" in project.call("remint", "run", "adult-logistic").stdout
