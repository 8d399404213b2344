"""A disk that is full from any point on: one message, no traceback; with space again the next command goes on."""

import pytest

from tests.crash.test_kill import parts
from tests.crash.trials import Trials, spread

WRITES = frozenset({"open", "rename", "mkdir", "commit"})
FEW = {"promote": 2, "register": 2, "repro": 1}
MANY = {"promote": 30, "register": 30, "again": 25, "repro": 20}
"Points a scenario: 5 and 105."


def point(trials: Trials, name: str, part: int, count: int) -> int:
    return spread(trials.scenario(name).points, count, WRITES)[part]


@pytest.mark.parametrize(("name", "part", "count"), parts(FEW))
def test_a_full_disk(trials: Trials, name: str, part: int, count: int) -> None:
    assert trials.fill_disk(name, point(trials, name, part, count)) == []


@pytest.mark.slow
@pytest.mark.parametrize(("name", "part", "count"), parts(MANY))
def test_a_full_disk_at_many_points(trials: Trials, name: str, part: int, count: int) -> None:
    assert trials.fill_disk(name, point(trials, name, part, count)) == []
