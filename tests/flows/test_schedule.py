"""`remint schedule`: deployments in Prefect, one run at a time, data refreshed first."""

import json
import shutil
import time
import urllib.request
from collections.abc import Callable
from typing import Any

from tests.conftest import Project
from tests.flows.pages import free_port, serving


def api(port: int, path: str, content: dict | None = None) -> Any:
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}/api/{path}",
        data=json.dumps(content or {}).encode(),
        headers={"content-type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=30) as response:
        return json.load(response)


def deployment(port: int) -> dict:
    for _ in range(240):
        found = api(port, "deployments/filter")
        if found:
            return found[0]
        time.sleep(0.5)
    raise AssertionError("no deployment appeared")


def ended(port: int, run_id: str) -> str:
    for _ in range(360):
        (run,) = api(port, "flow_runs/filter", {"flow_runs": {"id": {"any_": [run_id]}}})
        if run["state_type"] in ("COMPLETED", "FAILED", "CRASHED", "CANCELLED"):
            return run["state_type"]
        time.sleep(0.5)
    raise AssertionError("the run did not end")


def start(port: int, deployment_id: str) -> str:
    return api(port, f"deployments/{deployment_id}/create_flow_run", {"state": {"type": "SCHEDULED"}})["id"]


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
    with serving(project, "remint", "schedule", "--port", str(port), ready="Ctrl-C"):
        nightly = deployment(port)
        assert nightly["name"] == "nightly"
        assert nightly["schedules"][0]["schedule"]["cron"] == "0 3 1 1 *"
        both = [start(port, nightly["id"]) for _ in range(2)]
        assert sorted(ended(port, run_id) for run_id in both) == ["CANCELLED", "COMPLETED"]
    assert len(list((project.root / ".remint" / "flows").iterdir())) == 1, "what Ctrl-C cut off is left for the next"
    assert project.lock() != lock
    assert "unchanged" in project.call("remint", "run", "adult-logistic").stdout
