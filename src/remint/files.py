"""Writing files so that a process killed at any instruction leaves the old content or the new one."""

import errno
import json
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from remint.errors import RemintError
from remint.locks import free, take

DISK_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS})
"Numbers of the errors of a disk that takes no more."
_TOLD = re.compile(r"\(os error (\d+)\)|\[Errno (\d+)\]")
"""How the text of an exception without a number tells an error of the system: safetensors, which is Rust, and
`shutil.copytree`, which lists the files that it could not copy.
"""


@contextmanager
def disk_errors(target: Path) -> Iterator[None]:
    """Raise RemintError naming `target` for a disk that is full, over its quota, read-only or forbidden.

    Other errors, such as a missing input, pass as they are.
    """
    try:
        yield
    except RemintError:
        raise
    except Exception as error:
        code = error_number(error)
        if code not in DISK_FULL and not _is_denied(error, target):
            raise
        raise RemintError(f"{target} cannot be written: {os.strerror(code)}") from error


@contextmanager
def writing(target: Path) -> Iterator[Path]:
    """Give a new path beside the file `target` that takes its place when the block ends.

    The content is fsynced first; a failure inside the block leaves `target` as it was. Raises RemintError where the
    disk does not take it, or where `target` is a directory, which no file may replace.
    """
    if target.is_dir():
        raise RemintError(f"{target} is a directory; a file is to be written: name a file in it")
    with disk_errors(target), _replacing(target) as temporary:
        yield temporary


@contextmanager
def _replacing(target: Path, folder: bool = False) -> Iterator[Path]:
    target.parent.mkdir(parents=True, exist_ok=True)
    with _temporary(target, folder) as temporary:
        yield temporary
        _sync(temporary)
        if target.is_dir():
            _swap(temporary, target)
        else:
            temporary.replace(target)
        _sync_entry(target.parent)


@contextmanager
def _temporary(target: Path, folder: bool) -> Iterator[Path]:
    """Give a file or folder of a new name beside `target`, locked so that `leftovers` sees that its process lives.

    What stands under that name when the block ends is removed.
    """
    descriptor = None
    while descriptor is None:  # who looks for leftovers may have it in hand for a moment
        temporary = target.with_name(f".{target.name}.{os.urandom(16).hex()}.tmp")
        temporary.mkdir() if folder else temporary.touch()
        with suppress(FileNotFoundError):
            descriptor = take(temporary, os.O_RDONLY)
    try:
        yield temporary
    finally:
        if temporary.is_dir():
            shutil.rmtree(temporary, ignore_errors=True)
        else:
            temporary.unlink(missing_ok=True)
        free(descriptor)


def _swap(temporary: Path, target: Path) -> None:
    """Put one folder in the place of another."""
    descriptor = take(target, os.O_RDONLY, wait=True)
    assert descriptor is not None
    old = target.with_name(f".{target.name}.{os.urandom(16).hex()}.old")
    try:
        target.rename(old)
        temporary.rename(target)
        remove(old)
    except BaseException:
        if target.exists():
            shutil.rmtree(old, ignore_errors=True)
        else:
            old.rename(target)
        raise
    finally:
        free(descriptor)


@contextmanager
def writing_folder(target: Path) -> Iterator[Path]:
    """Like `writing`, for a folder: the path given is one, and empty, when the block begins.

    It is swapped by two renames, since POSIX has no atomic exchange: between them `target` is absent, never
    half-written; `leftovers` mends what a process left that was killed there.
    """
    with disk_errors(target), _replacing(target, folder=True) as temporary:
        yield temporary


@contextmanager
def scratch_folder(parent: Path) -> Iterator[Path]:
    """Give a new folder in `parent` that is removed when the block ends, or by the next command if the process dies.

    Raises RemintError where the disk does not take it, or what the block writes.
    """
    with disk_errors(parent):
        parent.mkdir(parents=True, exist_ok=True)
        with _temporary(parent / "scratch", folder=True) as folder:
            yield folder


def remove(path: Path) -> None:
    """Remove a folder with all that is in it, a file, or a link, not what that leads to; nothing where none is."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def json_text(value: Any) -> str:
    """Canonical JSON: sorted keys, two spaces, UTF-8, a final newline. NaN and infinity are refused."""
    return json.dumps(value, sort_keys=True, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def write_json(path: Path, value: Any) -> None:
    """Write canonical JSON atomically."""
    write_text(path, json_text(value))


def write_text(path: Path, text: str) -> None:
    """Write UTF-8 text atomically."""
    with writing(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def read_json(path: Path) -> Any:
    """Read a JSON file."""
    return json.loads(path.read_text(encoding="utf-8"))


def error_number(error: Exception) -> int:
    """Give the number of the system's error (`errno`) that an exception tells of, 0 where it tells of none."""
    if isinstance(error, OSError) and error.errno is not None:
        return error.errno
    told = _TOLD.search(str(error))
    return int(told[1] or told[2]) if told else 0


def told_of_full_disk(error: Exception) -> str | None:
    """Tell in a message that a disk takes no more; None for an error that tells of something else."""
    number = error_number(error)
    if number not in DISK_FULL:
        return None
    return f"{getattr(error, 'filename', None) or 'a file'} cannot be written: {os.strerror(number)}"


def _is_denied(error: Exception, target: Path) -> bool:
    if not isinstance(error, PermissionError | NotADirectoryError | FileExistsError) or error.filename is None:
        return False
    place = Path(os.fsdecode(error.filename))
    return target.is_relative_to(place) or any(part.startswith(f".{target.name}.") for part in place.parts)


def _sync(path: Path) -> None:
    files = [p for p in path.rglob("*") if p.is_file()] if path.is_dir() else [path]
    for file in files:
        with file.open("rb") as handle:
            os.fsync(handle.fileno())


def _sync_entry(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
