"""Freed blocks are kept for the next request."""

import ctypes
import platform
import subprocess
import sys

import pytest

from remint.memory import keep_freed_memory

needs_glibc = pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="needs glibc")
SCRIPT = """
import resource
import numpy as np
from remint.memory import keep_freed_memory

def faults():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(20):
        np.ones(8_000_000)
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

before = faults()
keep_freed_memory()
faults()
print(before, faults())
"""


HOLES = """
import ctypes, time
import remint.memory as memory

memory._SECONDS, memory._GROWTH = 0.1, 2**25
memory.keep_freed_memory()
libc = ctypes.CDLL(None)
libc.malloc.restype, libc.free.argtypes = ctypes.c_void_p, (ctypes.c_void_p,)
highest = before = memory._resident()
for number in range(60):  # each block is a little larger than the hole that the last one left
    block = libc.malloc(2**24 + number * 2**14)
    ctypes.memset(block, 1, 2**24)
    libc.malloc(2**25)  # stays right behind it
    libc.free(block)
    highest = max(highest, memory._resident())
    time.sleep(0.02)
print(highest - before)
"""


@needs_glibc
def test_what_lies_free_between_blocks_that_stay_is_given_back():
    done = subprocess.run([sys.executable, "-c", HOLES], capture_output=True, text=True, check=True)
    assert int(done.stdout) < 2**29


@needs_glibc
def test_a_block_of_a_size_that_was_freed_is_mapped_no_second_time():
    done = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=True)
    before, after = map(int, done.stdout.split())
    assert after < before / 5


def test_another_c_library_is_left_alone(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(ctypes, "CDLL", lambda name: object())
    keep_freed_memory()
