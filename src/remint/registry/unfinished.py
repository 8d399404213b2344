"""Signs of life of what writes to the registry: whether a registration or promotion was cut off."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager

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


def unfinished() -> AbstractContextManager[int]:
    """Give how many pieces of work were cut off; their signs go when the block ends well."""
    return signs.all_dead(FOLDER, store_prefix())
