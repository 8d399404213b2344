import os
import shutil
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest

from remint import paths
from remint.errors import RemintError
from remint.tracking.address import shown_uri, tracking_uri
from remint.tracking.runs import training_run
from remint.tracking.store import check_store, client, prepare_store
from tests.store import all_runs, artifacts

TRAINED = {"fingerprint": "f1", "parts": {"data": {}}}


@pytest.fixture
def empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    return tmp_path


def test_where_the_store_is(empty: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert tracking_uri() == "sqlite:///mlruns/mlflow.db"
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "https://me:secret@example.org/mlflow")
    assert tracking_uri() == "https://me:secret@example.org/mlflow"
    assert shown_uri() == "https://example.org/mlflow"


def test_processes_may_create_it_at_once_even_after_one_was_cut_off(empty: Path) -> None:
    paths.MLRUNS.mkdir()
    (paths.MLRUNS / ".mlflow.db.cut.tmp").write_bytes(b"half")
    command = [sys.executable, "-c", "from remint.tracking.store import check_store; check_store()"]
    processes = [subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) for _ in range(2)]
    assert [(p.communicate(), p.returncode) for p in processes] == [((b"", b""), 0)] * 2
    with closing(sqlite3.connect(paths.MLFLOW_DB)) as database:
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_an_older_database_is_migrated_and_kept(empty: Path) -> None:
    from alembic import command
    from mlflow.store.db.utils import _get_alembic_config, create_sqlalchemy_engine
    from mlflow.store.tracking.dbmodels.initial_models import Base

    paths.MLRUNS.mkdir()
    engine = create_sqlalchemy_engine(f"sqlite:///{empty / paths.MLFLOW_DB}")
    Base.metadata.create_all(engine)
    with engine.begin() as connection:
        config = _get_alembic_config(str(engine.url))
        config.attributes["connection"] = connection
        command.upgrade(config, _revision_before_last(config))
    engine.dispose()
    prepare_store()
    assert client().search_experiments()


def _revision_before_last(config: object) -> str:
    from alembic.script import ScriptDirectory

    scripts = ScriptDirectory.from_config(config)
    return str(scripts.get_revision(scripts.get_heads()[0]).down_revision)


def test_mlruns_that_cannot_be_written(empty: Path) -> None:
    paths.MLRUNS.write_text("a file")
    with pytest.raises(RemintError, match=r"^mlruns/ cannot be written: File exists; .*MLFLOW_TRACKING_URI$"):
        check_store()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_mlruns_that_may_not_be_written(store: Path) -> None:
    paths.MLRUNS.chmod(0o500)
    with pytest.raises(RemintError, match="mlruns/ cannot be written: Permission denied"):
        check_store()


def test_a_file_that_is_no_database(empty: Path) -> None:
    paths.MLRUNS.mkdir()
    paths.MLFLOW_DB.write_text("no database, but long enough to have a header of some kind\n" * 100)
    with pytest.raises(
        RemintError, match=r"sqlite:///mlruns/mlflow.db cannot be used: file is not a database; see mlruns/"
    ):
        check_store()


@pytest.mark.parametrize("uri", ["http://127.0.0.1:9", "postgresql://me:secret@127.0.0.1:9/mlflow"])
def test_a_server_that_does_not_answer(empty: Path, monkeypatch: pytest.MonkeyPatch, uri: str) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
    begin = time.monotonic()
    with pytest.raises(RemintError) as caught, training_run("adult", "adult-mlp", {}, TRAINED):
        pass
    assert time.monotonic() - begin < 6
    assert "cannot be reached (connection refused); start it, or unset MLFLOW_TRACKING_URI" in str(caught.value)
    assert "secret" not in str(caught.value)


def test_a_uri_that_mlflow_does_not_know(empty: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "gopher://somewhere")
    with pytest.raises(RemintError, match="gopher://somewhere cannot be used"):
        check_store()


def test_a_project_that_has_moved_finds_its_artifacts(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with training_run("adult", "adult-mlp", {}, TRAINED) as run:
        pass
    moved = store.parent / f"{store.name} moved #1 50%"
    shutil.copytree(store, moved)
    shutil.rmtree(store / "mlruns")
    monkeypatch.chdir(moved)
    check_store()
    assert client().get_run(run.run_id).info.artifact_uri.startswith(moved.as_uri())
    assert artifacts(run.run_id) == {"fingerprint.json"}
    with training_run("adult", "adult-mlp", {}, TRAINED) as second:
        pass
    assert [r.info.run_id for r in all_runs("adult")] == [second.run_id, run.run_id]
    assert not (store / "mlruns").exists()
