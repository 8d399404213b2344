"""How the C library hands out memory."""

import ctypes

_TRIM_THRESHOLD, _MMAP_MAX = -1, -4
"M_TRIM_THRESHOLD and M_MMAP_MAX of glibc's malloc.h."


def keep_freed_memory() -> None:
    """Let the C library keep large freed blocks for the next request, in place of giving them back to the system.

    Every step of a training asks for blocks of the same sizes; by glibc's defaults each of them is mapped and zeroed
    anew. Changes no bit, holds for the whole process, and does nothing where the C library has no `mallopt`.
    """
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError, TypeError):
        return
    mallopt(_MMAP_MAX, 0)
    mallopt(_TRIM_THRESHOLD, 2**31 - 1)
