"""`remint schedule`: deployments in Prefect, one run at a time, data refreshed first."""

import shutil
from collections.abc import Callable

from tests.conftest import Project
from tests.flows.schedules import deployment, ended, scheduling, start


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
    with scheduling(project) as client:
        nightly = deployment(client)
        assert nightly.name == "nightly"
        assert nightly.schedules[0].schedule.model_dump()["cron"] == "0 3 1 1 *"
        both = [start(client, nightly.id) for _ in range(2)]
        assert sorted(ended(client, run_id) for run_id in both) == ["CANCELLED", "COMPLETED"]
    assert len(list((project.root / ".remint" / "flows").iterdir())) == 1, "what Ctrl-C cut off is left for the next"
    assert project.lock() != lock
    assert "unchanged" in project.call("remint", "run", "adult-logistic").stdout
