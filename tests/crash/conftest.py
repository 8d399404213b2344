from collections.abc import Iterator

import pytest

from tests.crash.trials import Trials


@pytest.fixture(scope="session")
def trials(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Trials]:
    """Scenarios, and a process whose forks run their commands."""
    made = Trials(tmp_path_factory.mktemp("crash"))
    yield made
    made.forks.stop()
