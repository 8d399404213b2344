"""Who was champion when, and why: a line of entries that is kept with the model, in its tags.

Moving the alias is one transaction: the entry is written as pending, the alias moved, the entry marked as done. What a
killed process left pending is finished by the next command. An alias that was moved by other means, such as MLflow's
pages, is found out by the next command and gets an entry of its own.
"""

import getpass
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from typing import Any, Literal

from remint import paths
from remint.errors import RemintError
from remint.tracking.address import sqlite_file
from remint.tracking.locks import locked
from remint.tracking.model_tags import LONGEST, delete_model_tag, model_tags, set_model_tag
from remint.tracking.models import CHAMPION, alias_number, move_champion, versions

What = Literal["promote", "rollback", "outside"]
OUTSIDE = "changed outside remint"
_TAG = "remint.history."
_WHY = LONGEST // 4
"Characters of a reason that are kept: as JSON they may take several bytes each."


@dataclass(frozen=True)
class Entry:
    """One change of the champion."""

    number: int
    "From 1 on, without a gap."
    what: What
    who: str
    "Login name; of a change outside remint nobody knows."
    when: str
    "UTC, as ISO 8601 writes it; of a change outside remint, when it was found."
    why: str
    origin: int | None
    "Version that was champion before; None: there was none."
    target: int | None
    "Version that is champion after; None: there is none."
    by_hand: bool
    "Whether a person asked for this very change, not a run that found the gates passed."
    pending: bool = False


@contextmanager
def registry_lock() -> Iterator[None]:
    """Be alone with the registry inside the block, on this machine: the lock belongs to the store."""
    database = sqlite_file()
    with locked(paths.STATE / "registry.lock" if database is None else database.with_name(".registry.lock")):
        yield


def history(name: str) -> tuple[Entry, ...]:
    """Give a model's entries, oldest first, as they are written."""
    found = [_entry(tag, text) for tag, text in model_tags(name).items() if tag.startswith(_TAG)]
    return tuple(sorted(found, key=lambda entry: entry.number))


def settled(name: str) -> tuple[Entry, ...]:
    """Finish what is pending, add what was changed outside remint, and give the history. Needs the lock."""
    entries = _finished(name, history(name))
    last = entries[-1].target if entries else None
    now = alias_number(name, CHAMPION)
    if now != last:
        entry = Entry(len(entries) + 1, "outside", "unknown", utc_now(), OUTSIDE, last, now, by_hand=True)
        _write(name, entry)
        return (*entries, entry)
    return entries


def move(name: str, target: int, what: What, why: str, by_hand: bool) -> Entry:
    """Make a version champion and write down who did it and why. Needs the lock."""
    entries = settled(name)
    origin = entries[-1].target if entries else None
    entry = Entry(len(entries) + 1, what, login_name(), utc_now(), why[:_WHY], origin, target, by_hand, pending=True)
    _write(name, entry)
    move_champion(name, target)
    done = replace(entry, pending=False)
    _write(name, done)
    return done


def champion_before(name: str, entries: tuple[Entry, ...]) -> int:
    """Give the version that a rollback returns to. Raises RemintError where there is none."""
    known = {version.number for version in versions(name)}
    stack = _stack(entries)
    below = [number for number in stack[:-1] if number in known]
    if not below:
        now = f"version {stack[-1]}" if stack else "none"
        raise RemintError(f"{name} has no champion before the present one ({now}); see `remint models {name}`")
    return below[-1]


def withdrawal(number: int, entries: tuple[Entry, ...]) -> Entry | None:
    """Give the entry by which a person put another version in the place of this one; None where nobody did."""
    touching = [entry for entry in entries if number in (entry.origin, entry.target)]
    last = touching[-1] if touching else None
    return last if last is not None and last.by_hand and last.target != number else None


def login_name() -> str:
    """Give the name of who runs this process; the number where the system knows no name."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return str(os.getuid())


def utc_now() -> str:
    """Give the time in UTC, to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def _finished(name: str, entries: tuple[Entry, ...]) -> tuple[Entry, ...]:
    """Do what the last entry says, where it was not done; take it back where its version is gone."""
    if not entries or not entries[-1].pending:
        return entries
    last = entries[-1]
    if last.target is None or last.target not in {version.number for version in versions(name)}:
        delete_model_tag(name, _tag(last))
        return entries[:-1]
    if alias_number(name, CHAMPION) == last.origin:
        move_champion(name, last.target)
    done = replace(last, pending=False)
    _write(name, done)
    return (*entries[:-1], done)


def _stack(entries: tuple[Entry, ...]) -> list[int]:
    """Replay the history: champions on top of each other; a rollback takes the upper ones off."""
    stack: list[int] = []
    for entry in entries:
        if entry.target is None:
            continue
        if entry.what == "rollback" and entry.target in stack[:-1]:
            stack.pop()
            while stack[-1] != entry.target:
                stack.pop()
        else:
            stack.append(entry.target)
    return stack


def _write(name: str, entry: Entry) -> None:
    content = {key: value for key, value in asdict(entry).items() if key != "number"}
    set_model_tag(name, _tag(entry), json.dumps(content, sort_keys=True, ensure_ascii=False))


def _entry(tag: str, text: str) -> Entry:
    content: dict[str, Any] = json.loads(text)
    return Entry(number=int(tag.removeprefix(_TAG)), **content)


def _tag(entry: Entry) -> str:
    return f"{_TAG}{entry.number:06d}"
