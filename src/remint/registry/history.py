"""Who was champion when, and why: a line of entries that is kept with the model, in its tags.

Moving the alias is one transaction: the entry is written as pending, a promotion is told in the version's files and
tags, the alias moved, the entry marked as done. What a killed process left pending the next command finishes, or takes
back where the files do not tell it. An alias that was moved by other means, such as MLflow's pages, is found out by the
next command and gets an entry of its own.
"""

import getpass
import json
import os
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from typing import Any, Literal

from remint.errors import RemintError
from remint.registry.lock import registry_lock as registry_lock
from remint.registry.telling import tell_again, was_told
from remint.tracking.model_tags import LONGEST, delete_model_tag, model_tags, set_model_tag
from remint.tracking.models import CHAMPION, alias_number, move_champion, remove_champion, versions

What = Literal["promote", "rollback", "outside", "lost"]
OUTSIDE = "changed outside remint"
_TAG = "remint.history."
_REST = 500
"Bytes of an entry at most beside its reason."


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


def history(name: str) -> tuple[Entry, ...]:
    """Give a model's entries, oldest first, as they are written. Raises RemintError for one that cannot be read."""
    found = [_entry(name, tag, text) for tag, text in model_tags(name).items() if tag.startswith(_TAG)]
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


def given_reason(why: str | None) -> str | None:
    """Give a person's reason without blanks around it, None where nothing is left. Raises RemintError if it is long."""
    reason, most = (why or "").strip(), LONGEST - _REST
    if _size(reason) > most:
        raise RemintError(f"--why takes {_size(reason)} bytes; allowed: {most}, as MLflow keeps no longer tags")
    return reason or None


def begin(name: str, target: int, what: What, why: str, by_hand: bool, when: str | None = None) -> Entry:
    """Write down that a version is to become champion, who wants it and why. Needs the lock."""
    entries = settled(name)
    origin = entries[-1].target if entries else None
    when = when or utc_now()
    entry = Entry(len(entries) + 1, what, login_name(), when, _cut(why), origin, target, by_hand, pending=True)
    _write(name, entry)
    return entry


def finish(name: str, entry: Entry) -> Entry:
    """Do what an entry says that was begun. Needs the lock."""
    if entry.target is None:
        remove_champion(name)
    else:
        move_champion(name, entry.target)
    done = replace(entry, pending=False)
    _write(name, done)
    return done


def renumbered(name: str, entry: Entry, target: int) -> Entry:
    """Let an entry that was begun be about another version. Needs the lock."""
    other = replace(entry, target=target)
    _write(name, other)
    return other


def lose(name: str, number: int, why: str) -> None:
    """Take the alias off a champion whose files are gone. Needs the lock."""
    entries = settled(name)
    if entries and entries[-1].target == number:
        entry = Entry(len(entries) + 1, "lost", login_name(), utc_now(), why, number, None, False, pending=True)
        _write(name, entry)
        finish(name, entry)


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
    """Do what the last entry says, where it was not done; take it back where its version is gone or tells nothing."""
    if not entries or not entries[-1].pending:
        return entries
    last, now = entries[-1], alias_number(name, CHAMPION)
    if now != last.target and not _is_ready(name, last):
        delete_model_tag(name, _tag(last))
        return entries[:-1]
    if now == last.origin:
        return (*entries[:-1], finish(name, last))
    done = replace(last, pending=False)
    _write(name, done)
    return (*entries[:-1], done)


def _is_ready(name: str, entry: Entry) -> bool:
    """Tell whether a pending entry can be done: its version is there, and tells of its promotion; make that whole."""
    if entry.target is None:
        return True
    version = next((version for version in versions(name) if version.number == entry.target), None)
    if version is None or (entry.what == "promote" and not was_told(version, entry.when)):
        return False
    if entry.what == "promote":
        tell_again(version)
    return True


def _write(name: str, entry: Entry) -> None:
    content = {key: value for key, value in asdict(entry).items() if key != "number"}
    set_model_tag(name, _tag(entry), json.dumps(content, sort_keys=True, ensure_ascii=False))


def _entry(name: str, tag: str, text: str) -> Entry:
    try:
        content: dict[str, Any] = json.loads(text)
        return Entry(number=int(tag.removeprefix(_TAG)), **content)
    except (ValueError, TypeError):
        raise RemintError(
            f'the tag "{tag}" of the registered model "{name}" is "{text[:60]}", which is no entry of its history; '
            "delete or mend it in MLflow"
        ) from None


def _size(why: str) -> int:
    return len(json.dumps(why, ensure_ascii=False).encode())


def _cut(why: str) -> str:
    """Give as much of a reason as an entry holds."""
    if _size(why) <= LONGEST - _REST:
        return why
    return why[: (LONGEST - _REST) // 6]  # as JSON, a character takes six bytes at most


def _tag(entry: Entry) -> str:
    return f"{_TAG}{entry.number:06d}"
