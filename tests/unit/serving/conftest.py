import shutil
from pathlib import Path

import pytest

from tests import served
from tests.store import migrated_database, store  # noqa: F401


@pytest.fixture(scope="session")
def served_project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Declarations, data and a packaged model of every modality (`served/EXPERIMENT`)."""
    folder = tmp_path_factory.mktemp("served")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        served.make_project()
        for experiment in served.EXPERIMENTS:
            shutil.copytree(served.packaged(experiment, Path("linked", experiment)), Path("served", experiment))
    return folder


@pytest.fixture
def project(served_project: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """That project as the working directory; for reading."""
    monkeypatch.chdir(served_project)
    return served_project


@pytest.fixture
def own_project(store: Path, served_project: Path) -> Path:  # noqa: F811
    """A copy of that project with a store of its own."""
    shutil.copytree(served_project, store, dirs_exist_ok=True)
    return store
