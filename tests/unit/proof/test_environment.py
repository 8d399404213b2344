"""Which packages and which Python a version was trained with, and what of it is had here."""

import platform
import shutil
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from remint.errors import RemintError
from remint.proof.environment import (
    _constraints,
    _interpreter,
    package_differences,
    packages_of,
    wanting_packages,
)
from remint.registry.origin import Origin
from tests.origins import make_origin, make_project


@pytest.fixture
def origin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Origin:
    """The origin of a training with an earlier torch, made when there was another."""
    root = tmp_path / "project"
    root.mkdir()
    monkeypatch.chdir(root)
    make_project(root)
    made = make_origin(tmp_path / "origin")
    parts = made.fingerprint["parts"]
    trained = {**parts["environment"], "torch": "2.12.0", "scipy": "absent"}
    return replace(
        made,
        fingerprint={**made.fingerprint, "parts": {**parts, "environment": trained}},
        packages={"numpy": trained["numpy"], "pip": "24.0", "scipy": "1.15.0", "torch": "2.13.0"},
    )


def test_what_a_training_ran_with_is_told_by_its_fingerprint_first(origin: Origin) -> None:
    known = {"numpy": origin.packages["numpy"], "pip": "24.0", "torch": "2.12.0"}
    assert packages_of(origin) == known
    (found,) = package_differences(origin, origin.packages)
    assert (found.name, found.registered, found.minted) == ("torch", "2.12.0", "2.13.0")
    assert package_differences(origin, known) == []
    assert "torch==2.12.0\n" in _constraints(origin, Path("nowhere"))


def test_of_a_rebuilt_environment_only_what_is_needed_is_wanting(origin: Origin) -> None:
    """Pip, say, is in no lock; a project declares numpy, and trains with torch."""
    assert [found.name for found in wanting_packages(origin, Path.cwd(), {})] == ["numpy", "torch"]


def test_another_patch_release_of_python_will_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    here, minor = platform.python_version(), platform.python_version().rpartition(".")[0]
    monkeypatch.setattr(shutil, "which", lambda _: None)
    assert _interpreter(here) == _interpreter(f"{minor}.999") == (sys.executable, here)
    with pytest.raises(RemintError, match=r"trained with Python 3\.1\.0, this is .* no python3\.1 is on the PATH"):
        _interpreter("3.1.0")
    launcher = tmp_path / "python"
    monkeypatch.setattr(shutil, "which", lambda _: str(launcher))
    for script, expected in (
        ("exit 127", (sys.executable, here)),
        (f"echo {minor}.999", (str(launcher), f"{minor}.999")),
    ):
        launcher.write_text(f"#!/bin/sh\n{script}\n")
        launcher.chmod(0o755)
        assert _interpreter(f"{minor}.999") == expected
