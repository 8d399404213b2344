"""A split with what a model predicts of it: what every look at a model begins with."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from remint.config.metrics import Task
from remint.config.specs import ClassesSpec, DataSpec
from remint.evaluation.metrics import compute_metrics


@dataclass(frozen=True)
class Scored:
    """N rows of a split and what a model predicts of them, in the same order."""

    task: Task
    spec: DataSpec
    arrays: Mapping[str, np.ndarray]
    "The split's arrays as `Prepared.split` gives them, whole even where the rest is a part of the split."
    rows: pd.DataFrame
    "The raw rows, with the raw row number as `row`."
    target: np.ndarray
    "As `compute_metrics` takes it."
    predicted: Mapping[str, np.ndarray]
    "As the task predicts it."
    moments: np.ndarray | None = None
    "Number of each row's step in time (int64, N), where rows depend on their neighbours in time."

    def __len__(self) -> int:
        return len(self.target)

    @property
    def classes(self) -> tuple[str, ...]:
        """Names of the classes; none where the target is no category."""
        return self.spec.outputs.classes if isinstance(self.spec.outputs, ClassesSpec) else ()

    def metrics(self) -> dict[str, float]:
        """Compute the metrics; one that is undefined here is left out."""
        return compute_metrics(self.task, self.target, dict(self.predicted), self.classes)

    def part(self, index: np.ndarray) -> "Scored":
        """Give some of the rows, by number (int64) or mask (bool, N)."""
        predicted = {name: values[index] for name, values in self.predicted.items()}
        moments = None if self.moments is None else self.moments[index]
        rows, target = self.rows.iloc[index], self.target[index]
        return replace(self, rows=rows, target=target, predicted=predicted, moments=moments)
