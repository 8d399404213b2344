import shutil
from pathlib import Path

import pytest

from tests import trained
from tests.store import migrated_database, store  # noqa: F401


@pytest.fixture(scope="session")
def prepared_project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Declarations and prepared data of `tests.trained`."""
    folder = tmp_path_factory.mktemp("prepared")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        trained.make_project()
    return folder


@pytest.fixture
def project(store: Path, prepared_project: Path) -> Path:  # noqa: F811
    """A project with prepared data and a store, which is the working directory."""
    shutil.copytree(prepared_project, store, dirs_exist_ok=True)
    return store


@pytest.fixture(autouse=True)
def quick_cost(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the measuring of latency take no time."""
    monkeypatch.setattr("remint.registry.cost.SECONDS", 0.0)
    monkeypatch.setattr("remint.registry.cost.FEWEST", 1)
