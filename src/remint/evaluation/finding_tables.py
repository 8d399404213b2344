"""Findings as CSV, which MLflow's pages show as tables."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from remint.files import read_json


def write_finding_tables(findings: Path, out: Path) -> None:
    """Write the findings in a folder that are tables: `intervals.csv`, `slices.csv`, `fairness.csv`, `robustness.csv`.

    There is none of a finding that is not there; the folder `out` is made in any case.
    """
    out.mkdir(parents=True, exist_ok=True)
    for name, rows in _ROWS.items():
        file = findings / f"{name}.json"
        if file.is_file() and (table := list(rows(read_json(file)))):
            pd.DataFrame(table).to_csv(out / f"{name}.csv", index=False, float_format="%.9g")


def _intervals(finding: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for metric, interval in finding["metrics"].items():
        yield {"metric": metric, **interval}


def _slices(finding: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for part in finding["slices"]:
        for metric, interval in part["metrics"].items():
            name = {"slice": part["slice"], "slice_value": part["value"], "rows": part["rows"]}
            yield {**name, "metric": metric, **interval}


def _fairness(finding: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for column, found in finding["columns"].items():
        for group, rates in found["groups"].items():
            yield {"column": column, "group": group, **rates}


def _robustness(finding: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for corruption, found in finding["corruptions"].items():
        for entry in found["levels"]:
            yield {"corruption": corruption, "level": entry["level"], "unit": found["unit"], **entry["metrics"]}


_ROWS = {"intervals": _intervals, "slices": _slices, "fairness": _fairness, "robustness": _robustness}
