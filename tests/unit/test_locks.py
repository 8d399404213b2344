import threading
from pathlib import Path

import pytest

from remint import locks
from remint.locks import locked


def wait_for(file: Path, waits_for: str, seconds: float) -> None:
    """Hold a lock for some time, in which another wants it."""
    with locked(file):
        other = threading.Thread(target=_enter, args=(file, waits_for))
        other.start()
        other.join(seconds)
    other.join(10)
    assert not other.is_alive()


def _enter(file: Path, waits_for: str) -> None:
    with locked(file, waits_for):
        pass


def test_who_waits_long_is_told_what_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(locks, "PATIENCE", 0.01)
    wait_for(tmp_path / "lock", "the other one", 0.2)
    assert capsys.readouterr() == ("", "waiting for the other one\n")
    wait_for(tmp_path / "lock", "", 0.05)
    assert capsys.readouterr() == ("", "")


def test_who_waits_shortly_is_told_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    wait_for(tmp_path / "lock", "the other one", 0.05)
    assert capsys.readouterr() == ("", "")
