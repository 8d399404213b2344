"""The files of a version's folder, as far as they are there."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from remint.files import read_json

Finding: TypeAlias = Mapping[str, Any] | None
"Content of a JSON file; None where the file is missing."


@dataclass(frozen=True)
class Findings:
    """What was found out about a version."""

    metrics: Finding
    intervals: Finding
    slices: Finding
    calibration: Finding
    fairness: Finding
    robustness: Finding
    attributions: Finding
    sanity: Finding
    samples: Finding
    cost: Finding
    decision: Finding
    plots: tuple[str, ...]
    "Names of the pictures, without `.png`."

    def overall(self, metric: str) -> Mapping[str, Any] | None:
        """Give a metric over the whole test split as an interval, its ends null where only the value is known."""
        value = (self.metrics or {}).get(metric)
        known = (self.intervals or {}).get("metrics", {}).get(metric) or {}
        return None if value is None else {"value": value, "low": known.get("low"), "high": known.get("high")}


def read_findings(folder: Path) -> Findings:
    """Read what is there of a version's folder."""
    evaluation = folder / "evaluation"
    found = evaluation / "findings"
    names = ("intervals", "slices", "calibration", "fairness", "robustness", "attributions", "sanity")
    return Findings(
        metrics=_read(evaluation / "metrics.json"),
        samples=_read(evaluation / "samples.json"),
        cost=_read(folder / "cost.json"),
        decision=_read(folder / "decision.json"),
        plots=tuple(sorted(path.stem for path in (folder / "plots").glob("*.png"))),
        **{name: _read(found / f"{name}.json") for name in names},
    )


def _read(file: Path) -> Finding:
    return dict(read_json(file)) if file.is_file() else None
