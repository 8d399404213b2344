import os
import sys

from remint.proof.running import _variables


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
