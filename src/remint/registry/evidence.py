"""What a decision about a version stands on: files that were written beside it, and nothing else."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from remint.files import read_json
from remint.registry.predictions import Predictions, read_predictions

EVALUATION, BASELINES, COST, TEST, DECISION = "evaluation", "baselines.json", "cost.json", "test.json", "decision.json"
"What a version's folder `remint/` holds."


@dataclass(frozen=True)
class Evidence:
    """A version's figures, read when they are asked for. What is missing or unreadable is empty, never an error."""

    folder: Path
    "With `evaluation/`, `baselines.json`, `cost.json` and `test.json`."
    _read: dict[str, Any] = field(default_factory=dict, repr=False, compare=False)

    @property
    def metrics(self) -> Mapping[str, Any]:
        """Metrics of the test split by name."""
        return self._json(f"{EVALUATION}/metrics.json")

    @property
    def baselines(self) -> Mapping[str, Any] | None:
        """Metrics of each declared baseline, none for one that has not run; None where the file is missing."""
        return self._json(BASELINES) if (self.folder / BASELINES).is_file() else None

    @property
    def cost(self) -> Mapping[str, Any]:
        """What a prediction costs, measured once for a version."""
        return self._json(COST)

    @property
    def digest(self) -> str | None:
        """Digest of the test split that the evaluation is of."""
        found = self._json(TEST).get("digest")
        return found if isinstance(found, str) else None

    def finding(self, name: str) -> Mapping[str, Any]:
        """Give the content of `findings/NAME.json`."""
        return self._json(f"{EVALUATION}/findings/{name}.json")

    @cached_property
    def predictions(self) -> Predictions | None:
        """What was predicted of each row of the test split."""
        return read_predictions(self.folder / EVALUATION / "predictions.parquet")

    def _json(self, name: str) -> Mapping[str, Any]:
        if name not in self._read:
            self._read[name] = _mapping(self.folder / name)
        found: Mapping[str, Any] = self._read[name]
        return found


def number(content: Any, *keys: str) -> float | None:
    """Give the number that stands under keys; None where it is missing, no number, NaN or infinite."""
    for key in keys:
        content = content.get(key) if isinstance(content, Mapping) else None
    if isinstance(content, bool) or not isinstance(content, int | float):
        return None
    return float(content) if math.isfinite(content) else None


def entries(content: Any, key: str) -> list[Mapping[str, Any]]:
    """Give the objects of the list that stands under a key; none where there is no such list."""
    found = content.get(key) if isinstance(content, Mapping) else None
    return [entry for entry in found if isinstance(entry, Mapping)] if isinstance(found, list) else []


def _mapping(file: Path) -> Mapping[str, Any]:
    try:
        content = read_json(file)
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, Mapping) else {}
