"""Running a network over rows."""

import numpy as np
import torch
from torch import nn

from remint import progress
from remint.data.rows import Rows, concatenated, evaluation_batches
from remint.determinism import deterministic
from remint.tasks.base import Task

THREADS = 2
"Of one operation; fixed, since it can change the bits."


def predict(network: nn.Module, rows: Rows, task: Task) -> dict[str, np.ndarray]:
    """Give what the task predicts for N ≥ 1 rows; pieces of one raw row are summed up.

    The network is put into evaluation mode.
    """
    network.eval()
    parts: list[dict[str, np.ndarray]] = []
    order, batches = evaluation_batches(rows)
    with deterministic(THREADS), torch.inference_mode():
        for done, index in enumerate(batches, start=1):
            batch = rows.batch(index)
            parts.append(task.predict(network(batch), batch.get("target")))
            progress.report("predicting", done, len(batches))
    return concatenated(parts, order, rows.owners)
