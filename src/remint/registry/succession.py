"""Who reigned after whom: what the history of a model says about the next change of its champion."""

from remint.errors import RemintError
from remint.registry.history import Entry
from remint.tracking.models import LOST, versions


def champion_before(name: str, entries: tuple[Entry, ...]) -> int:
    """Give the version that a rollback returns to. Raises RemintError where there is none."""
    known = {version.number for version in versions(name) if LOST not in version.tags}
    stack = _stack(entries)
    present = stack[-1] if stack else None
    below = [number for number in stack[:-1] if number is not None and number in known and number != present]
    if not below:
        now = "none" if present is None else f"version {present}"
        raise RemintError(f"{name} has no champion before the present one ({now}); see `remint models {name}`")
    return below[-1]


def withdrawal(number: int, entries: tuple[Entry, ...]) -> Entry | None:
    """Give the entry by which a person put another version in the place of this one; None where nobody did."""
    touching = [entry for entry in entries if number in (entry.origin, entry.target)]
    last = touching[-1] if touching else None
    return last if last is not None and last.by_hand and last.target != number else None


def _stack(entries: tuple[Entry, ...]) -> list[int | None]:
    """Replay the history: champions, None for none, on top of each other; a rollback takes the upper ones off."""
    stack: list[int | None] = []
    for entry in entries:
        if entry.what == "rollback" and entry.target in stack[:-1]:
            stack.pop()
            while stack[-1] != entry.target:
                stack.pop()
        else:
            stack.append(entry.target)
    return stack
