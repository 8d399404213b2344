"""Running a network over the rows of a split."""

import numpy as np
import torch
from torch import nn

from remint import progress
from remint.determinism import deterministic
from remint.tasks.base import Task

BATCH = 256
"Rows at a time. It bounds memory and does not change predictions beyond rounding."
THREADS = 2
"Of one operation; fixed, since it can change the bits."


def predict(
    network: nn.Module, arrays: dict[str, np.ndarray], task: Task, batch_size: int = BATCH
) -> dict[str, np.ndarray]:
    """Give what the task predicts for N ≥ 1 rows; `arrays` may hold the target, which is not looked at.

    The network is put into evaluation mode.
    """
    inputs = {name: array for name, array in arrays.items() if name != "target"}
    rows = len(next(iter(inputs.values())))
    network.eval()
    parts: list[dict[str, np.ndarray]] = []
    with deterministic(THREADS), torch.inference_mode():
        for start in range(0, rows, batch_size):
            batch = {name: torch.from_numpy(array[start : start + batch_size]) for name, array in inputs.items()}
            parts.append(task.predict(network(batch)))
            progress.report("predicting", min(start + batch_size, rows), rows)
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
