"""Torch's global state, set so that the same work gives the same bits whatever ran before in this process."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
import torch.utils.deterministic


@contextmanager
def deterministic(threads: int) -> Iterator[None]:
    """Run the block with deterministic algorithms, full float32 precision and `threads` threads an operation.

    The number of threads changes the bits, since sums are split over them. Everything is put back afterwards, the
    state of the random generator, too.
    """
    algorithms = torch.are_deterministic_algorithms_enabled()
    warn_only = torch.is_deterministic_algorithms_warn_only_enabled()
    memory: Any = torch.utils.deterministic  # its setting is a property that type checkers do not see
    fill = memory.fill_uninitialized_memory
    precision = torch.get_float32_matmul_precision()
    previous_threads = torch.get_num_threads()
    with torch.random.fork_rng(devices=[]):
        try:
            torch.use_deterministic_algorithms(True)
            memory.fill_uninitialized_memory = False  # costs a pass over all new memory
            torch.set_float32_matmul_precision("highest")
            torch.set_num_threads(threads)
            yield
        finally:
            torch.set_num_threads(previous_threads)
            torch.set_float32_matmul_precision(precision)
            memory.fill_uninitialized_memory = fill
            torch.use_deterministic_algorithms(algorithms, warn_only=warn_only)
