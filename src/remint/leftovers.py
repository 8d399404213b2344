"""What processes that were killed while writing have left beside their targets."""

import os
import re
from collections.abc import Iterable
from pathlib import Path

from remint import paths
from remint.files import remove
from remint.locks import can_lock, free, is_held, is_ours, take

_LEFT = re.compile(r"\.(?P<target>.+)\.[0-9a-f]{32}\.(?P<kind>tmp|old)(?P<beside>-journal|-wal|-shm)?")
"Names that `files.writing` and `files.scratch_folder` give; SQLite puts files of its own beside its database."


def finish_swap(target: Path) -> bool:
    """Put a folder back whose swap was cut off between its two renames, and remove what cut-off swaps left.

    Gives whether there was anything to do. What a living process writes is left alone.
    """
    found = [(name, _LEFT.fullmatch(name)) for name in _ordered(target.parent)]
    ours = [name for name, left in found if left and left["target"] == target.name]
    return sum(_mend(target.parent / name) for name in ours) > 0


def mend_below(folders: Iterable[Path]) -> tuple[Path, ...]:
    """Do so in whole trees; give what was removed or put back."""
    mended: list[Path] = []
    for top in folders:
        for folder, inner, files in os.walk(top):
            left = _sorted(name for name in (*inner, *files) if _LEFT.fullmatch(name))
            mended += [path for name in left if _mend(path := Path(folder, name))]
            inner[:] = [name for name in inner if name not in left]
    return tuple(mended)


def mend_beside(folder: Path) -> tuple[Path, ...]:
    """Do so in one folder, not below it."""
    return tuple(path for name in _ordered(folder) if _LEFT.fullmatch(name) and _mend(path := folder / name))


def _ordered(folder: Path) -> list[str]:
    return _sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []


def _sorted(names: Iterable[str]) -> list[str]:
    """Sort so that an old folder is put back before it is asked whether a new one can take its place."""
    return sorted(names, key=lambda name: (".old" not in name[-12:], name))


def _mend(path: Path) -> bool:
    """Remove one thing, or put it back, unless a living process holds it."""
    found = _LEFT.fullmatch(path.name)
    assert found is not None
    if found["beside"]:
        if is_held(path.with_name(path.name.removesuffix(found["beside"]))):
            return False
        path.unlink(missing_ok=True)
        return True
    try:
        descriptor = take(path, os.O_RDONLY)
    except FileNotFoundError:
        return False
    if descriptor is None:
        return False
    if not can_lock(descriptor) and not _is_alone():
        free(descriptor)
        return False
    try:
        target = path.with_name(found["target"])
        if found["kind"] == "old" and not target.exists():
            path.rename(target)
        else:
            remove(path)
    finally:
        free(descriptor)
    return True


def _is_alone() -> bool:
    """Tell whether no other process shows that it is at work: on NFS a folder itself does not tell who writes it."""
    return all(is_ours(sign) or not is_held(sign) for sign in paths.ALIVE.glob("*"))
