"""How the C library hands out memory."""

import ctypes
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

_TRIM_THRESHOLD, _MMAP_MAX = -1, -4
"M_TRIM_THRESHOLD and M_MMAP_MAX of glibc's malloc.h."
_GROWTH = 2**30
"Bytes by which a process may grow before what lies free in it is given back."
_SECONDS = 20.0
"Between two looks: what was given back is mapped again at the next step, which costs some tenths of a second."
_RESIDENT = Path("/proc/self/statm")

_watched = 0
"The process that is looked at."


def keep_freed_memory() -> None:
    """Let the C library keep large freed blocks for the next request, in place of giving them back to the system.

    Every step of a training asks for blocks of the same sizes; by glibc's defaults each of them is mapped and zeroed
    anew. A small block that stays where a large one was makes the next large one lie elsewhere, so a thread gives back
    what is free where the process grows by more than 1 GB. Changes no bit, holds for the whole process, and does
    nothing where the C library has no `mallopt`.
    """
    global _watched
    try:
        libc = ctypes.CDLL(None)
        mallopt, trim = libc.mallopt, libc.malloc_trim
    except (AttributeError, OSError, TypeError):
        return
    mallopt(_MMAP_MAX, 0)
    mallopt(_TRIM_THRESHOLD, 2**31 - 1)
    if _watched != os.getpid() and _RESIDENT.exists():
        _watched = os.getpid()
        threading.Thread(target=_watch, args=(trim,), name="memory", daemon=True).start()


def _watch(trim: Callable[[int], Any]) -> None:
    low = _resident()
    while True:
        time.sleep(_SECONDS)
        if _resident() > low + _GROWTH:
            trim(0)
            low = _resident()


def _resident() -> int:
    """Give the bytes of this process that are in memory."""
    return int(_RESIDENT.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
