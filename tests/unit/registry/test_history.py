import signal
from pathlib import Path

import pytest

from remint.errors import RemintError
from remint.registry.by_hand import promote, rollback
from remint.registry.history import Entry, history, login_name, move, registry_lock, settled, withdrawal
from remint.registry.overview import all_models, one_model
from remint.registry.promotion import champion
from remint.tracking.settings import own_uri
from remint.tracking.store import client
from remint.tracking.version_files import stored_folder
from tests.store import migrated_database, store  # noqa: F401
from tests.unit.registry.killed import start

NAME = "people-mlp"


def make_versions(count: int) -> None:
    """Register versions that hold nothing."""
    experiment = client().create_experiment("people", (Path.cwd() / "mlruns/artifacts/people").as_uri())
    client().create_registered_model(NAME)
    for _ in range(count):
        model = client().create_logged_model(experiment, NAME)
        folder = stored_folder(model.model_id)
        folder.mkdir(parents=True)
        (folder / "MLmodel").touch()
        client().finalize_logged_model(model.model_id, "READY")
        with own_uri():
            client().create_model_version(NAME, f"models:/{model.model_id}", model_id=model.model_id)


@pytest.fixture
def registered(project: Path) -> Path:
    """A project with five versions that hold nothing, so that they pass no gate."""
    make_versions(5)
    return project


def moves() -> list[tuple[int | None, int | None]]:
    return [(entry.origin, entry.target) for entry in history(NAME)]


def champion_number() -> int | None:
    found = champion(NAME)
    return None if found is None else found.number


def test_a_rollback_returns_to_the_champion_before_and_again_to_the_one_before_that(registered: Path) -> None:
    for number in (1, 3, 4):
        promote(NAME, number, "planned")
    first = rollback(NAME, "bad for pensioners")
    assert (first.what, first.origin, first.target, first.why) == ("rollback", 4, 3, "bad for pensioners")
    assert champion_number() == 3
    assert rollback(NAME).target == 1
    assert champion_number() == 1
    with pytest.raises(RemintError, match=r"people-mlp has no champion before the present one \(version 1\)"):
        rollback(NAME)
    promote(NAME, 5, "anew")
    assert rollback(NAME).target == 1
    assert moves() == [(None, 1), (1, 3), (3, 4), (4, 3), (3, 1), (1, 5), (5, 1)]
    assert [entry.number for entry in history(NAME)] == [1, 2, 3, 4, 5, 6, 7]
    assert {entry.who for entry in history(NAME)} == {login_name()}
    assert all(entry.when.endswith("+00:00") for entry in history(NAME))


def test_a_version_that_is_gone_is_passed_over(registered: Path) -> None:
    for number in (1, 2, 3):
        promote(NAME, number, "planned")
    client().delete_model_version(NAME, "2")
    assert rollback(NAME).target == 1


def test_a_promotion_that_fails_gates_wants_a_reason(registered: Path) -> None:
    promote(NAME, 1, "first")
    with pytest.raises(RemintError, match=r"people-mlp/2 fails its gates: better: .*; useful: .*--why TEXT"):
        promote(NAME, 2)
    assert champion_number() == 1
    entry = promote(NAME, 2, "asked for by legal")
    assert (entry.why, entry.by_hand, champion_number()) == ("asked for by legal", True, 2)
    tags = client().get_model_version(NAME, "2").tags
    assert tags["remint.decision"] == "promoted: asked for by legal"
    assert tags["gate.useful"] == "failed: there is no accuracy to judge"
    with pytest.raises(RemintError, match="people-mlp/2 is the champion already"):
        promote(NAME, 2, "again")


def test_names_and_numbers_that_do_not_exist_are_told(registered: Path) -> None:
    with pytest.raises(RemintError, match=r'"people-mpl" is no registered model; .*did you mean "people-mlp"'):
        rollback("people-mpl")
    with pytest.raises(RemintError, match=r"people-mlp/9 does not exist; allowed: /5, /4, /3, /2, /1"):
        promote(NAME, 9)
    with pytest.raises(RemintError, match=r"has no champion before the present one \(none\)"):
        rollback(NAME)


def test_an_alias_moved_by_other_means_is_written_down_once(registered: Path) -> None:
    promote(NAME, 1, "first")
    client().set_registered_model_alias(NAME, "champion", "4")
    model = one_model(NAME)
    assert model.champion.number == 4
    last = model.history[-1]
    assert (last.what, last.origin, last.target, last.why) == ("outside", 1, 4, "changed outside remint")
    assert [found.history for found in all_models()] == [model.history]
    assert rollback(NAME).target == 1
    client().delete_registered_model_alias(NAME, "champion")
    assert one_model(NAME).history[-1].target is None


def test_who_was_taken_off_by_hand_is_known() -> None:
    def entry(number: int, what: str, origin: int | None, target: int, by_hand: bool) -> Entry:
        return Entry(number, what, "me", "now", "", origin, target, by_hand)

    line = (entry(1, "promote", None, 1, False), entry(2, "promote", 1, 2, False), entry(3, "rollback", 2, 1, True))
    assert withdrawal(2, line).number == 3
    assert withdrawal(1, line) is None
    assert withdrawal(1, line[:2]) is None
    assert withdrawal(2, (*line, entry(4, "promote", 1, 2, True))) is None


def test_twenty_promotions_at_once_leave_one_champion_and_a_line(registered: Path) -> None:
    children = [start(registered, promote, NAME, 1 + n % 5, f"number {n}") for n in range(20)]
    for child in children:
        child.join(180)
    entries = history(NAME)
    assert [entry.number for entry in entries] == list(range(1, len(entries) + 1))
    assert [entry.origin for entry in entries] == [None, *(entry.target for entry in entries[:-1])]
    assert champion_number() == entries[-1].target
    assert not any(entry.pending or entry.what == "outside" for entry in entries)
    failed = sum(child.exitcode != 0 for child in children)  # who asked for the version that was champion by then
    assert len(entries) == 20 - failed
    assert len(entries) >= 5


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("step", [1, 2, 3])
def test_a_promotion_that_is_killed_is_done_or_not_done(registered: Path, step: int, after: bool) -> None:
    promote(NAME, 1, "first")
    child = start(registered, _move, kill_at=(step, after))
    child.join(120)
    assert child.exitcode == -signal.SIGKILL
    begun = (step, after) != (1, False)
    model = one_model(NAME)
    assert model.champion.number == (2 if begun else 1)
    assert [(entry.target, entry.pending) for entry in model.history] == [(1, False), (2, False)][: 1 + begun]
    assert one_model(NAME).history == model.history


def test_a_pending_promotion_of_a_version_that_is_gone_is_taken_back(registered: Path) -> None:
    promote(NAME, 1, "first")
    start(registered, _move, kill_at=(1, True)).join(120)
    assert history(NAME)[-1].pending
    client().delete_model_version(NAME, "2")
    with registry_lock():
        assert [entry.target for entry in settled(NAME)] == [1]
    assert champion_number() == 1


def _move() -> None:
    with registry_lock():
        move(NAME, 2, "promote", "second", by_hand=True)
