"""Commands are killed, or find the disk full, at any point: the next one makes everything good.

The points of a command are numbered as it reaches them when nothing interrupts it; a test takes the one in its part of
the command. A failure names its point, so that `trials.kill(SCENARIO, Aim(POINT, WHAT))` repeats it.
Both are in one file, so that one of the processes of a test run makes the scenarios.
"""

import random

import pytest

from tests.crash.points import AFTER, BEFORE, PARENT, Aim
from tests.crash.trials import Trials, spread

FEW = {"promote": 12, "register": 4, "again": 1, "repro": 1}
MANY = {"promote": 55, "register": 60, "again": 50, "repro": 40, "first": 15, "verify": 20}
"Points a scenario: 18 and 240, and with the random ones 20 and 265."
WRITES = frozenset({"open", "rename", "mkdir", "commit"})
FEW_FULL = {"promote": 4, "register": 1}
MANY_FULL = {"promote": 30, "register": 30, "again": 25, "repro": 20, "verify": 10}
"Points at which the disk is full: 5 and 115."


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


def at_random(trials: Trials, name: str, seed: int) -> list[str]:
    """Kill a scenario's command after a random part of the time that it takes."""
    longest = trials.scenario(name).seconds
    return trials.kill(name, seconds=random.Random(f"{name} {seed}").uniform(0.02, longest))


@pytest.mark.parametrize("name", ["promote", "register"])
def test_killed_at_a_random_time(trials: Trials, name: str) -> None:
    assert at_random(trials, name, seed=0) == []


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(1, 6))
@pytest.mark.parametrize("name", ["promote", "register", "again", "repro", "verify"])
def test_killed_at_many_random_times(trials: Trials, name: str, seed: int) -> None:
    assert at_random(trials, name, seed) == []


@pytest.mark.slow
@pytest.mark.parametrize("part", range(6))
def test_a_stage_does_not_outlive_dvc(trials: Trials, part: int) -> None:
    points = trials.scenario("repro").points
    written = [number for number, name in enumerate(points, 1) if name.startswith("rename data/")]
    assert trials.kill("repro", Aim(written[len(written) * part // 6], PARENT)) == []


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
