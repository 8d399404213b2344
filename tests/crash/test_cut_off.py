"""Commands are killed, or find the disk full, at any point: the next one makes everything good.

The points of a command are numbered as it reaches them when nothing interrupts it; a test takes the one in its part of
the command. A failure names its point, so that `trials.kill(SCENARIO, Aim(POINT, WHAT))` repeats it.
Both are in one file, so that one of the processes of a test run makes the scenarios.
"""

import random
import re
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.crash import tiny
from tests.crash.healthy import faults
from tests.crash.points import AFTER, BEFORE, PARENT, Aim
from tests.crash.trials import Trials, spread

FEW = {"promote": 10, "register": 2, "renew": 2, "rollback": 2}
MANY = {
    "promote": 40, "register": 40, "again": 40, "repro": 36, "evaluate": 12, "renew": 40, "rollback": 12, "first": 12,
    "verify": 15,
}  # fmt: skip
MANY_BACK = {"evaluate": 12, "renew": 20}
"Points a scenario: 17 and 279; with those after a checkpoint and the random ones 20 and 319."
WRITES = frozenset({"open", "rename", "mkdir", "commit"})
FEW_FULL = {"promote": 4, "register": 1}
MANY_FULL = {"promote": 30, "register": 30, "again": 25, "repro": 20, "verify": 10}
"Points at which the disk is full: 5 and 115."

CHECKPOINT = re.compile(rf"rename \.remint/checkpoints/{tiny.NAME}/[0-9a-f]+\.pt")
CHECKPOINTS = 5
"Of two epochs of three steps: after each but the last, whose epoch ends the training."


def parts(counts: dict[str, int]) -> list:
    return [
        pytest.param(name, part, count, id=f"{name}-{part + 1}-of-{count}")
        for name, count in counts.items()
        for part in range(count)
    ]


def aim(trials: Trials, name: str, part: int, count: int) -> Aim:
    point = spread(trials.scenario(name).points, count)[part]
    return Aim(point, AFTER if part % 2 else BEFORE)


@pytest.mark.parametrize(("name", "part", "count"), parts(FEW))
def test_killed_at_a_point(trials: Trials, name: str, part: int, count: int) -> None:
    assert trials.kill(name, aim(trials, name, part, count)) == []


@pytest.mark.slow
@pytest.mark.parametrize(("name", "part", "count"), parts(MANY))
def test_killed_at_many_points(trials: Trials, name: str, part: int, count: int) -> None:
    assert trials.kill(name, aim(trials, name, part, count)) == []


def test_killed_and_taken_back(trials: Trials) -> None:
    assert trials.take_back("renew", aim(trials, "renew", 13, 20)) == []


@pytest.mark.slow
@pytest.mark.parametrize(("name", "part", "count"), parts(MANY_BACK))
def test_killed_at_many_points_and_taken_back(trials: Trials, name: str, part: int, count: int) -> None:
    assert trials.take_back(name, aim(trials, name, part, count)) == []


def after_a_checkpoint(trials: Trials, name: str, number: int) -> list[str]:
    """Kill a scenario's command right after it wrote a checkpoint, counted from 0; the next one must go on from it."""
    written = [i for i, point in enumerate(trials.scenario(name).points, 1) if CHECKPOINT.fullmatch(point)]
    found = trials.kill(name, Aim(written[number], AFTER))
    return found if "goes on from its checkpoint" in trials.output else [*found, "the training began anew"]


def test_killed_after_a_checkpoint(trials: Trials) -> None:
    assert after_a_checkpoint(trials, "again", 2) == []


@pytest.mark.slow
@pytest.mark.parametrize("name", ["again", "repro"])
@pytest.mark.parametrize("number", range(CHECKPOINTS))
def test_killed_after_any_checkpoint(trials: Trials, name: str, number: int) -> None:
    assert after_a_checkpoint(trials, name, number) == []


def at_random(trials: Trials, name: str, seed: int) -> list[str]:
    """Kill a scenario's command after a random part of the time that it takes."""
    longest = trials.scenario(name).seconds
    return trials.kill(name, seconds=random.Random(f"{name} {seed}").uniform(0.02, longest))


@pytest.mark.parametrize("name", ["promote", "rollback"])
def test_killed_at_a_random_time(trials: Trials, name: str) -> None:
    assert at_random(trials, name, seed=0) == []


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(1, 6))
@pytest.mark.parametrize("name", ["promote", "register", "again", "renew", "repro", "verify"])
def test_killed_at_many_random_times(trials: Trials, name: str, seed: int) -> None:
    assert at_random(trials, name, seed) == []


@pytest.mark.slow
@pytest.mark.parametrize("part", range(6))
def test_a_stage_does_not_outlive_dvc(trials: Trials, part: int) -> None:
    points = trials.scenario("repro").points
    written = [n for n, name in enumerate(points, 1) if name.startswith("rename data/") and ".*.tmp/" in name]
    assert trials.kill("repro", Aim(written[len(written) * part // 6], PARENT)) == []


def test_what_a_version_and_a_run_lost_is_found(trials: Trials, tmp_path: Path) -> None:
    expected = trials.scenario("register").expected
    tiny.put(trials.state("after-register"), tmp_path / "project")
    run = next((tmp_path / "project/mlruns/artifacts").glob("*/*/artifacts/evaluation/metrics.json"))
    run.write_text("{}")
    with closing(sqlite3.connect(tmp_path / "project/mlruns/mlflow.db")) as database, database:
        database.execute("DELETE FROM model_version_tags WHERE key = 'remint.origin'")
    found = faults(tmp_path / "project", expected)
    assert found == [
        f"{tiny.NAME}/1 has the seal None, which is not that of its origin.json",
        f"run {run.parent.parent.parent.name} does not hold the evaluation of now",
    ]


def full(trials: Trials, name: str, part: int, count: int) -> list[str]:
    """Let the disk be full from a point on: one message, no traceback; with space again the next command goes on."""
    return trials.fill_disk(name, spread(trials.scenario(name).points, count, WRITES)[part])


@pytest.mark.parametrize(("name", "part", "count"), parts(FEW_FULL))
def test_a_full_disk(trials: Trials, name: str, part: int, count: int) -> None:
    assert full(trials, name, part, count) == []


@pytest.mark.slow
@pytest.mark.parametrize(("name", "part", "count"), parts(MANY_FULL))
def test_a_full_disk_at_many_points(trials: Trials, name: str, part: int, count: int) -> None:
    assert full(trials, name, part, count) == []
