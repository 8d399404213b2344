"""Signs of flow runs: which stay for the next command, and what it does with a dead run's tasks."""

from types import SimpleNamespace
from unittest.mock import Mock
from uuid import uuid4

import pytest
from prefect.states import Completed, Running

from flows import signs
from flows.signs import FOLDER, flow_sign
from remint.signs import any_dead

pytestmark = pytest.mark.usefixtures("workdir")


@pytest.mark.parametrize("error", [ConnectionError, KeyboardInterrupt])
def test_what_failed_is_left_to_the_next_command(error: type[BaseException]) -> None:
    """The server may not have heard of it."""
    with flow_sign():
        assert not any_dead(FOLDER, signs._server(None))
    assert list(FOLDER.iterdir()) == []
    with pytest.raises(error), flow_sign():
        raise error
    assert any_dead(FOLDER, signs._server(None))


def test_all_tasks_of_a_dead_run_become_crashed_however_many() -> None:
    tasks = {uuid4(): Completed() if number < 300 else Running() for number in range(600)}

    def read(limit: int, task_run_filter: object = None, **_of: object) -> list[SimpleNamespace]:
        wanted = task_run_filter.state.type.any_ if task_run_filter else None  # type: ignore[attr-defined]
        found = [SimpleNamespace(id=id, state=state) for id, state in tasks.items()]
        return [task for task in found if wanted is None or task.state.type in wanted][:limit]

    client = Mock()
    client.read_task_runs = read
    client.set_task_run_state = lambda task, state, force: tasks.update({task: state})
    signs._crash_tasks(client, SimpleNamespace(id=uuid4()))
    assert [state.type.value for state in tasks.values()] == ["COMPLETED"] * 300 + ["CRASHED"] * 300
