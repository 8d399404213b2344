import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest

from remint import paths
from remint.registry.by_hand import rollback
from remint.registry.history import history
from remint.registry.predictor import load_predictor
from remint.registry.promotion import champion, register_and_promote
from remint.tracking.store import client
from remint.tracking.version_files import MODEL_DATA, local_folder
from tests import trained
from tests.store import all_runs, mlflow_server

pytestmark = pytest.mark.slow


@pytest.fixture
def server(project: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Address of an MLflow server that keeps the artifacts itself."""
    with mlflow_server(tmp_path_factory.mktemp("server")) as url:
        monkeypatch.setenv("MLFLOW_TRACKING_URI", url)
        yield url


def test_a_server_takes_all_that_a_file_takes(server: str, capfd: pytest.CaptureFixture[str]) -> None:
    (paths.MLFLOW_DB).unlink()
    trained.train("people-mlp")
    trained.evaluate("people-mlp", {"accuracy": 0.7})
    decision = register_and_promote("people-mlp", trained.config_of("people-mlp"))
    assert (decision.version, decision.promoted) == (1, True)
    assert register_and_promote("people-mlp", trained.config_of("people-mlp")).version == 1
    served = champion("people-mlp")
    assert served is not None
    assert served.number == 1
    assert [run.info.status for run in all_runs("people")] == ["FINISHED"]
    assert not paths.MLFLOW_DB.exists()
    assert capfd.readouterr() == ("", "")
    load = "import mlflow, pandas; model = mlflow.pyfunc.load_model('models:/people-mlp@champion')"
    load += "; print(len(model.predict(pandas.read_parquet('data/raw/people/rows.parquet'))))"
    done = subprocess.run([sys.executable, "-c", load], env=os.environ, capture_output=True, text=True, check=False)
    assert done.stdout.strip().endswith("300"), done.stderr
    assert client().get_run(decision.run_id).info.artifact_uri.startswith("mlflow-artifacts:")


def test_versions_on_a_server_are_compared_rolled_back_and_loaded(server: str) -> None:
    for seed, accuracy in ((1, 0.6), (2, 0.9)):
        trained.train("people-mlp", seed)
        trained.evaluate("people-mlp", {"accuracy": accuracy})
        decision = register_and_promote("people-mlp", trained.config_of("people-mlp"))
    assert (decision.version, decision.champion_before, decision.promoted) == (2, 1, True)
    better = next(verdict for verdict in decision.verdicts if verdict.gate == "better")
    assert better.interval is not None
    assert rollback("people-mlp").target == 1
    assert [(entry.origin, entry.target) for entry in history("people-mlp")] == [(None, 1), (1, 2), (2, 1)]
    served = champion("people-mlp")
    assert served is not None
    folder = local_folder(served)
    assert "accuracy" in (folder / "remint" / "card.md").read_text()
    rows = pd.read_parquet(paths.raw("people") / "rows.parquet")
    assert len(load_predictor(folder / MODEL_DATA, served.tags["remint.checksums"]).predict(rows)) == len(rows)
