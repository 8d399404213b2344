"""Signs of life of MLflow runs: which runs of a store are at work, and which were cut off."""

from collections.abc import Iterator
from zlib import crc32

from remint import paths, signs
from remint.signs import DeadSign
from remint.tracking.address import tracking_uri

FOLDER = paths.STATE / "runs"


class Sign(signs.Sign):
    """Stands, and is locked, while its run is at work."""

    def __init__(self) -> None:
        super().__init__(FOLDER, store_prefix())


def cut_off() -> Iterator[DeadSign]:
    """Give the signs of runs of the present store whose process died; each goes when the next is asked for."""
    return signs.dead_signs(FOLDER, store_prefix())


def any_cut_off() -> bool:
    """Tell whether there are such signs."""
    return signs.any_dead(FOLDER, store_prefix())


def store_prefix() -> str:
    """Give what the names of signs of the present store begin with."""
    return f"{crc32(tracking_uri().encode()):08x}-"
