"""Mending what a killed DVC leaves: torn files, locks, temporary files, an empty folder in the run cache."""

import json
import os
import re
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from flows.dvc_lock import is_whole, mended
from remint import paths
from remint.files import remove, write_text
from remint.leftovers import finish_swap
from remint.locks import free, take

COPY = paths.STATE / "dvc.lock"
"The last `dvc.lock` that was seen whole."
CACHE = Path(".dvc/cache")
"Where DVC's cache lies unless its configuration names another place."
_TMP = Path(".dvc/tmp")
_TEMPORARY = re.compile(r"\.[A-Za-z0-9_-]{22}\.tmp")
"Names that DVC gives to files on their way to their place (`dvc_objects.fs.utils.tmp_fname`)."
_MOMENT = 10
"Seconds; DVC takes milliseconds from making a folder of the run cache to the entry in it."
_DAY = 24 * 60 * 60


def mend_dvc() -> tuple[str, ...]:
    """Mend `dvc.lock` and the list of locks; tell each that was torn in a line. Takes about 1 ms where all is well."""
    return tuple(line for line in (mend_lock(), mend_rwlock()) if line)


def tell_healed(lines: Iterable[str]) -> None:
    """Tell on standard error what was healed."""
    for line in lines:
        print(f"remint: healed: {line}", file=sys.stderr, flush=True)


def busy(error: Exception) -> str:
    """Tell in one line that DVC could not lock what it needs, and who holds it."""
    held = " ".join(dict.fromkeys(line.strip() for line in str(error).partition("\n\n")[0].splitlines()))
    return f"another DVC command is at work on this project: {held}; wait for it, or stop it"


def mend_lock() -> str | None:
    """Mend a torn `dvc.lock` and tell so; keep a copy of a whole one. Left alone while a DVC command is at work.

    What the torn file still has is kept, what it lost comes from the copy: a stage that neither has is restored from
    DVC's run cache.
    """
    text, copy = _read(paths.LOCK_FILE), _read(COPY)
    if text is None or text == copy:
        return None
    with _dvc_lock("lock") as ours:
        text = _read(paths.LOCK_FILE)
        if not ours or text is None:
            return None
        if is_whole(text):
            finish_swap(COPY)  # commands that only look, such as `remint list`, leave no sign when they are killed here
            write_text(COPY, text)
            return None
        if whole := mended(text, copy or ""):
            write_text(paths.LOCK_FILE, whole)
        else:
            paths.LOCK_FILE.unlink()
    return f"{paths.LOCK_FILE} was torn by a killed DVC command; it is whole again"


def mend_rwlock() -> str | None:
    """Take the dead out of DVC's list of locked files, remove it where it is torn; tell so.

    The living, such as the DVC that runs the present stage, stay in it.
    """
    file = _TMP / "rwlock"
    text = _read(file)
    if text is None or text == _without_the_dead(text, file):
        return None
    with _dvc_lock("rwlock.lock") as ours:
        text = _read(file)
        if not ours or text is None or (living := _without_the_dead(text, file)) == text:
            return None
        write_text(file, living)
    return f"{file}: locks of a killed DVC command are broken"


def mend_run_cache(runs: Path) -> None:
    """Remove empty folders of the run cache: DVC makes one before the entry in it, and fails where there is none.

    Outside the project another workspace, whose lock is not ours, may be about to fill one: new ones stay there.
    """
    before = time.time() - (_MOMENT if _is_shared(runs) else 0)
    with _dvc_lock("lock") as ours:
        for folder in runs.glob("*/*") if ours else ():
            with suppress(OSError):  # there is something in it
                if folder.stat().st_mtime <= before:
                    folder.rmdir()


def mend_temporary(*caches: Path) -> tuple[Path, ...]:
    """Remove, and give, the temporary files of killed DVC commands; DVC itself never does. A living one holds its lock.

    Takes a look at each folder under `data/` and in DVC's caches, by default `CACHE`. One outside the project may be
    shared by other workspaces: in it those of the last day stay.
    """
    with _dvc_lock("lock") as ours:
        found = tuple(_temporary(caches or (CACHE,))) if ours else ()
        for path in found:
            with suppress(OSError):
                remove(path)
    return found


def _temporary(caches: tuple[Path, ...]) -> Iterator[Path]:
    yield from (path for path in Path().iterdir() if _TEMPORARY.fullmatch(path.name))
    yield from _temporary_below(paths.DATA)
    for cache in caches:
        before = time.time() - (_DAY if _is_shared(cache) else 0)
        for path in _temporary_below(cache):
            with suppress(FileNotFoundError):
                if path.lstat().st_mtime <= before:
                    yield path


def _is_shared(folder: Path) -> bool:
    """Tell whether a folder lies outside the project, where our lock hinders nobody else."""
    return not folder.resolve().is_relative_to(Path(".dvc").resolve())


def _temporary_below(top: Path) -> Iterator[Path]:
    for folder, inner, files in os.walk(top):
        yield from (Path(folder, name) for name in (*inner, *files) if _TEMPORARY.fullmatch(name))


def _read(file: Path) -> str | None:
    try:
        return file.read_bytes().decode("utf-8", errors="replace").replace("\r\n", "\n")
    except OSError:
        return None


def _without_the_dead(text: str, file: Path) -> str:
    """Give the list of locked files without those of dead processes, the text itself where there is none."""
    try:
        content: dict[str, dict[str, Any]] = json.loads(text)
        write, read = content.get("write", {}), content.get("read", {})
        living = {
            "write": {path: holder for path, holder in write.items() if _holds(holder, file)},
            "read": {path: [holder for holder in holders if _holds(holder, file)] for path, holders in read.items()},
        }
        living["read"] = {path: holders for path, holders in living["read"].items() if holders}
    except (ValueError, TypeError, KeyError, AttributeError):
        return "{}"
    return text if living == {"write": write, "read": read} else json.dumps(living)


def _holds(holder: dict[str, Any], file: Path) -> bool:
    """Tell whether a process lives, and lived when the file was written: numbers are used again."""
    pid = int(holder["pid"])
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
        boot = next(line for line in Path("/proc/stat").read_text().splitlines() if line.startswith("btime"))
    except OSError:
        return not Path("/proc/self/stat").exists()  # without /proc, DVC's own look must do
    started = int(boot.split()[1]) + int(fields[19]) / os.sysconf("SC_CLK_TCK")
    return started <= file.stat().st_mtime + 2


@contextmanager
def _dvc_lock(name: str) -> Iterator[bool]:
    """Hold one of DVC's lock files (it locks them as we do); give whether nobody else holds it."""
    _TMP.mkdir(parents=True, exist_ok=True)
    descriptor = take(_TMP / name)
    try:
        yield descriptor is not None
    finally:
        if descriptor is not None:
            free(descriptor)
