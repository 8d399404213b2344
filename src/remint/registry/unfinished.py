"""Signs of life of what writes to the registry: whether a registration or promotion was cut off."""

from collections.abc import Iterator
from contextlib import contextmanager

from remint import paths, signs
from remint.tracking.signs import store_prefix

FOLDER = paths.STATE / "registering"


@contextmanager
def shown() -> Iterator[None]:
    """Leave a sign where the process dies inside the block, or where the block fails."""
    sign = signs.Sign(FOLDER, store_prefix())
    try:
        yield
    except BaseException:
        sign.let_go()
        raise
    sign.remove()


def any_unfinished() -> bool:
    """Tell whether something was cut off that nobody has healed."""
    return signs.any_dead(FOLDER, store_prefix())


def unfinished() -> Iterator[signs.DeadSign]:
    """Give the signs of what was cut off; each goes when the next is asked for."""
    return signs.dead_signs(FOLDER, store_prefix())
