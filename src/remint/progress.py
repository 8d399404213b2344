"""How far long work has come: code reports, whoever runs it decides what is shown."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

Sink = Callable[[str, int, int], None]
"Called with what is going on, units done, units in all (0: not known)."

_sinks: list[Sink] = []


def report(what: str, done: int, total: int) -> None:
    """Tell that `done` of `total` units of some work are done. Costs nothing where nobody listens."""
    if _sinks:
        _sinks[-1](what, done, total)


@contextmanager
def shown_by(sink: Sink) -> Iterator[None]:
    """Send reports to `sink` inside the block."""
    _sinks.append(sink)
    try:
        yield
    finally:
        _sinks.remove(sink)
