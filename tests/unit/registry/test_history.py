import shutil
import signal
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pytest

from remint.errors import RemintError
from remint.files import read_json
from remint.registry.by_hand import promote, rollback
from remint.registry.healing import heal_registry
from remint.registry.history import Entry, history, login_name, registry_lock, settled
from remint.registry.overview import all_models, one_model
from remint.registry.promotion import champion, versions
from remint.registry.succession import withdrawal
from remint.registry.unfinished import any_unfinished
from remint.tracking.models import local_folder
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


def test_a_rollback_returns_to_no_version_that_is_champion_or_gone(registered: Path) -> None:
    for number in (1, 2, 1):
        promote(NAME, number, "planned")
    client().delete_model_version(NAME, "2")
    with pytest.raises(RemintError, match=r"has no champion before the present one \(version 1\)"):
        rollback(NAME)
    client().delete_registered_model_alias(NAME, "champion")
    one_model(NAME)
    promote(NAME, 1, "again")
    with pytest.raises(RemintError, match=r"has no champion before the present one \(version 1\)"):
        rollback(NAME)


def test_a_rollback_puts_a_champion_back_that_was_removed_by_other_means(registered: Path) -> None:
    for number in (1, 2):
        promote(NAME, number, "planned")
    client().delete_registered_model_alias(NAME, "champion")
    assert rollback(NAME).target == 2
    assert rollback(NAME).target == 1


def test_a_version_without_files_becomes_champion_by_no_command(registered: Path) -> None:
    promote(NAME, 1, "first")
    promote(NAME, 2, "second")
    for number in (1, 3):
        shutil.rmtree(folder_of(number))
    for command in (lambda: rollback(NAME), lambda: promote(NAME, 3, "third")):
        with pytest.raises(RemintError, match=r"the files of people-mlp/[13] are gone"):
            command()
    assert champion_number() == 2
    assert [entry.target for entry in history(NAME)] == [1, 2]


@pytest.mark.parametrize("why", ["", "  \n"])
def test_a_blank_reason_is_none(registered: Path, why: str) -> None:
    with pytest.raises(RemintError, match="people-mlp/1 fails its gates"):
        promote(NAME, 1, why)
    assert champion_number() is None


@pytest.mark.parametrize("why", ["x" * 5000, "\x01" * 1000, "语" * 2000])
def test_a_reason_that_the_store_does_not_take_is_refused_before_anything_is_written(
    registered: Path, why: str
) -> None:
    promote(NAME, 1, "x" * 4000)
    for command in (lambda: promote(NAME, 2, why), lambda: rollback(NAME, why)):
        with pytest.raises(RemintError, match=r"^--why takes \d+ bytes; allowed: 4500"):
            command()
    assert [entry.target for entry in history(NAME)] == [1]
    assert not (folder_of(2) / "remint").exists()


def test_an_entry_that_cannot_be_read_is_told(registered: Path) -> None:
    for text in ("oops", "3", "{}"):
        client().set_registered_model_tag(NAME, "remint.history.000001", text)
        with pytest.raises(RemintError, match=r'the tag "remint.history.000001" of the registered model "people-mlp"'):
            one_model(NAME)


@pytest.mark.parametrize("name", ["people-'mlp", 'people-"mlp', """people-'"mlp"""])
def test_a_name_with_a_quotation_mark_is_no_fault_of_the_store(registered: Path, name: str) -> None:
    for command in (lambda: rollback(name), lambda: one_model(name), lambda: promote(name, 1)):
        with pytest.raises(RemintError, match=r'is no registered model; allowed: .*did you mean "people-mlp"'):
            command()


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
    assert not any_unfinished()  # a refusal is no cut-off: the next command need not look into the store
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
    children = [start(registered, _promote_at_once) for _ in range(4)]
    for child in children:
        child.join(180)
    entries = history(NAME)
    assert [entry.number for entry in entries] == list(range(1, len(entries) + 1))
    assert [entry.origin for entry in entries] == [None, *(entry.target for entry in entries[:-1])]
    assert champion_number() == entries[-1].target
    assert not any(entry.pending or entry.what == "outside" for entry in entries)
    failed = sum(child.exitcode for child in children)
    assert len(entries) == 20 - failed
    assert len(entries) >= 5


@pytest.mark.parametrize(
    ("step", "after", "done"),
    [(1, False, False), (1, True, False), (2, False, True), (4, True, True), (6, False, True), (6, True, True)],
)
def test_a_promotion_that_is_killed_is_done_or_not_done(registered: Path, step: int, after: bool, done: bool) -> None:
    """Step 1 writes the entry, 2 to 5 the version's tags, 6 moves the alias."""
    promote(NAME, 1, "first")
    child = start(registered, promote, NAME, 2, "second", kill_at=(step, after))
    child.join(120)
    assert child.exitcode == -signal.SIGKILL
    model = one_model(NAME)
    assert model.champion.number == (2 if done else 1)
    assert [(entry.target, entry.pending) for entry in model.history] == [(1, False), (2, False)][: 1 + done]
    assert one_model(NAME).history == model.history
    told = folder_of(2) / "remint" / "decision.json"
    assert (read_json(told)["promoted"] if told.exists() else False) == done
    tags = model.versions[3].tags
    assert tags.get("remint.decision") == ("promoted: second" if done else None)
    assert sum(tag.startswith("gate.") for tag in tags) == 2 * done


def test_a_rollback_that_is_killed_is_finished(registered: Path) -> None:
    promote(NAME, 1, "first")
    promote(NAME, 2, "second")
    start(registered, rollback, NAME, kill_at=(1, True)).join(120)
    assert champion_number() == 2
    assert any_unfinished()
    assert heal_registry() == (NAME,)
    assert champion_number() == 1
    assert not any_unfinished()


def test_a_pending_promotion_of_a_version_that_is_gone_is_taken_back(registered: Path) -> None:
    promote(NAME, 1, "first")
    start(registered, promote, NAME, 2, "second", kill_at=(2, False)).join(120)
    assert history(NAME)[-1].pending
    client().delete_model_version(NAME, "2")
    with registry_lock():
        assert [entry.target for entry in settled(NAME)] == [1]
    assert champion_number() == 1


def folder_of(number: int) -> Path:
    """Give the folder of a version's files."""
    return local_folder(next(version for version in versions(NAME) if version.number == number))


def _promote_at_once() -> None:
    """Promote five versions in five threads; exit with the number of those that were champion by then."""

    def one(number: int) -> bool:
        with suppress(RemintError):
            promote(NAME, number, f"number {number}")
            return False
        return True

    with ThreadPoolExecutor(5) as pool:
        sys.exit(sum(pool.map(one, range(1, 6))))
