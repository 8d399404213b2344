"""Prefect's history outlives a kill at any moment at which its database is made."""

import sqlite3
from contextlib import closing, suppress
from pathlib import Path
from threading import Timer

import pytest

from flows import prefect_store
from flows.prefect_store import Making
from remint import locks

pytestmark = pytest.mark.usefixtures("workdir")


class KilledError(BaseException):
    """The process is killed here."""


@pytest.mark.parametrize("step", range(1, 4))
def test_a_kill_when_the_database_is_ready_costs_no_history(step: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of what ran before it or after it, when Prefect is upgraded later."""
    monkeypatch.delenv("PREFECT_API_DATABASE_CONNECTION_URL", raising=False)
    making = Making()
    note("first")
    with monkeypatch.context() as kill, suppress(KilledError):
        dying(kill, step)
        making.done()
    making.let_go()
    Making().done()
    note("second")
    monkeypatch.setattr(prefect_store, "version", lambda _name: "9.9.9")
    Making().let_go()  # its server does not start
    Making().let_go()
    with closing(sqlite3.connect(prefect_store._DATABASE)) as database:
        assert database.execute("select name from runs").fetchall() == [("first",), ("second",)]


def test_who_waits_for_another_that_makes_it_is_told_so(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("PREFECT_API_DATABASE_CONNECTION_URL", raising=False)
    monkeypatch.setattr(locks, "PATIENCE", 0.01)
    other = Making()
    end = Timer(0.2, other.let_go)
    end.start()
    Making().let_go()
    end.join()
    assert capsys.readouterr().err == "waiting for another remint process, which makes Prefect's database\n"


def note(run: str) -> None:
    with closing(sqlite3.connect(prefect_store._DATABASE)) as database:
        database.execute("create table if not exists runs(name)")
        database.execute("insert into runs values(?)", [run])
        database.commit()


def dying(kill: pytest.MonkeyPatch, step: int) -> None:
    """Die after so many changes of files."""
    left = [step]

    def counted(original: object) -> object:
        def change(*arguments: object, **named: object) -> object:
            if not left[0]:
                raise KilledError
            left[0] -= 1
            return original(*arguments, **named)  # type: ignore[operator]

        return change

    kill.setattr(Path, "unlink", counted(Path.unlink))
    kill.setattr(prefect_store, "write_text", counted(prefect_store.write_text))
