from pathlib import Path

import pytest

from remint.cli.registry import models
from remint.registry.origin import VERIFIED
from remint.registry.overview import is_dirty, one_model, proof
from remint.tracking.settings import own_uri
from remint.tracking.store import client
from tests.unit.registry.test_history import NAME, make_versions

WHEN = "2026-11-22T04:00:12Z"


@pytest.fixture
def registered(project: Path) -> Path:
    """A project with three versions: one minted again, one never, one of a run with uncommitted changes."""
    make_versions(3)
    Path("dvc.yaml").write_text("stages: {}\n")
    client().set_model_version_tag(NAME, "1", VERIFIED, f"identical {WHEN}")
    client().set_registered_model_alias(NAME, "champion", "1")
    run = client().create_run(client().create_experiment("x"), tags={"remint.dirty": "true"})
    model = one_model(NAME).versions[0].model_id
    with own_uri():
        client().create_model_version(NAME, f"models:/{model}", run_id=run.info.run_id, model_id=model)
    return project


def test_versions_tell_whether_they_were_minted_again(registered: Path) -> None:
    told = {version.number: (proof(version), is_dirty(version)) for version in one_model(NAME).versions}
    assert told == {
        1: ("identical 2026-11-22 04:00", False),
        2: ("never", False),
        3: ("never", False),
        4: ("never", True),
    }


def test_the_tables_show_it(registered: Path, capsys: pytest.CaptureFixture[str]) -> None:
    models(NAME)
    lines = capsys.readouterr().out.splitlines()
    assert any(line.endswith("identical 2026-11-22 04:00") and "champion" in line for line in lines)
    assert any("never; uncommitted changes" in line for line in lines)
    models(None)
    assert "identical 2026-11-22 04:00" in capsys.readouterr().out
