"""Small scored splits, drawn from a fixed seed."""

from typing import Any

import numpy as np
import pandas as pd

from remint.config.metrics import Task
from remint.config.specs import ClassesSpec, DataSpec, NumberSpec, OutputSpec
from remint.evaluation.scored import Scored
from tests.prepared import TABLE


def probabilities(rows: int, size: int, seed: int = 0, decimals: int = 2) -> np.ndarray:
    """Give rows of sum 1, few values of which are unlike, so that there are ties."""
    drawn = np.random.default_rng(seed).dirichlet(np.ones(size), rows).round(decimals) + 10.0**-decimals
    shares: np.ndarray = drawn / drawn.sum(axis=1, keepdims=True)
    return shares


def classified(rows: int, size: int = 2, seed: int = 0, **columns: Any) -> Scored:
    """Give a classifier that is right more often than not."""
    random, shares = np.random.default_rng(seed), probabilities(rows, size, seed)
    target = (random.random(rows)[:, None] > shares.cumsum(axis=1)[:, :-1]).sum(axis=1)
    outputs = ClassesSpec(classes=tuple("abcdefgh"[:size]))
    return scored("classification", outputs, target, {"probabilities": shares}, **columns)


def measured(rows: int, seed: int = 0, **columns: Any) -> Scored:
    """Give a regression with noise."""
    random = np.random.default_rng(seed)
    target = random.normal(50, 10, rows)
    return scored(
        "regression", NumberSpec(mean=50, std=10), target, {"value": target + random.normal(size=rows)}, **columns
    )


def scored(
    task: Task, outputs: OutputSpec, target: np.ndarray, predicted: dict[str, np.ndarray], **columns: Any
) -> Scored:
    """Give rows of a table with these raw columns."""
    rows = pd.DataFrame({"split": "test", "row": np.arange(len(target)), **columns})
    return Scored(task, DataSpec(inputs=TABLE, outputs=outputs), {}, rows, target, predicted)
