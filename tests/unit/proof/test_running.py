import os
import sqlite3
import sys
from contextlib import closing, suppress

from remint import paths
from remint.errors import RemintError
from remint.proof.running import _variables, run_stages


def test_the_stages_see_neither_this_project_nor_a_hook_of_git(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path / "src"), "/elsewhere"]))
    monkeypatch.setenv("GIT_DIR", str(tmp_path))
    monkeypatch.setenv("GIT_INDEX_FILE", "index")
    root = tmp_path / "scratch"
    own = _variables(root, root / "store", sys.executable)
    assert own["PYTHONPATH"] == os.pathsep.join([str(root / "src"), str(root), "/elsewhere"])
    assert not {"GIT_DIR", "GIT_INDEX_FILE"} & own.keys()


def test_a_rebuilt_environment_has_its_own_packages_alone(tmp_path, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", "/elsewhere")
    found = _variables(tmp_path, tmp_path / "store", str(tmp_path / "bin/python"))
    assert found["PYTHONPATH"] == os.pathsep.join([str(tmp_path / "src"), str(tmp_path)])


def test_a_rebuilt_environment_makes_a_store_in_the_form_of_its_own_mlflow(tmp_path, monkeypatch):
    with closing(sqlite3.connect(tmp_path / "mlflow.db")) as store, store:
        store.execute("CREATE TABLE alembic_version (version_num TEXT)")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path}/mlflow.db")
    python = tmp_path / "python"
    python.write_text("#!/bin/sh\n")
    python.chmod(0o755)
    root = tmp_path / "scratch"
    root.mkdir()
    run_stages(root, str(python), [], print)
    assert (root / paths.MLFLOW_DB).parent.is_dir()
    assert not (root / paths.MLFLOW_DB).exists()
    with suppress(RemintError):  # here are no stages
        run_stages(root, sys.executable, ["none@none"], print)
    assert (root / paths.MLFLOW_DB).is_file()
