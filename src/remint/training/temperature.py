"""Temperature scaling: one number by which logits are divided, so that probabilities mean what they say.

C. Guo, G. Pleiss, Y. Sun and K. Q. Weinberger, On calibration of modern neural networks (2017), section 4.2.
"""

import math

import numpy as np
import torch
from torch import nn

from remint.data.rows import Rows, evaluation_batches

_RANGE = (0.05, 20.0)
_DIGITS = 6


def network_temperature(network: nn.Module, rows: Rows) -> float:
    """Give the temperature that is best on rows with their target; the network is in evaluation mode."""
    logits, targets = [], []
    with torch.inference_mode():
        for index in evaluation_batches(rows)[1]:
            batch = rows.batch(index)
            logits.append(network(batch).double().numpy())
            targets.append(batch["target"].numpy())
    return fit_temperature(np.concatenate(logits), np.concatenate(targets))


def fit_temperature(logits: np.ndarray, target: np.ndarray) -> float:
    """Give the temperature T between 0.05 and 20 at which softmax(logits / T) has the least mean log loss.

    `logits` are float64, N×classes, `target` class indices (N). The loss is convex in 1/T, so there is one minimum.
    """
    from scipy.optimize import minimize_scalar
    from scipy.special import logsumexp

    right = logits[np.arange(len(target)), target]

    def loss(log_temperature: float) -> float:
        beta = math.exp(-log_temperature)
        return float(np.mean(logsumexp(beta * logits, axis=1) - beta * right))

    ends = tuple(map(math.log, _RANGE))
    found = minimize_scalar(loss, bounds=ends, method="bounded", options={"xatol": 1e-7})
    best = min((0.0, float(found.x)), key=loss)
    return float(f"{math.exp(best):.{_DIGITS}g}")
