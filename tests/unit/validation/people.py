"""A small made-up table of people, its declaration, and ways to break it."""

from typing import Any

import numpy as np
import pandas as pd

from remint.config.dataset import ExpectationsConfig, HashSplit, SchemaConfig, SplitConfig
from remint.data.raw import RawData
from remint.validation.report import Outcome, Report
from remint.validation.run import validate

ROWS = 200
COLUMNS: dict[str, dict[str, Any]] = {
    "id": {"type": "integer", "role": "key", "unique": True},
    "age": {"type": "integer", "min": 0, "max": 120},
    "income": {"type": "float", "min": 0, "missing": 0.02},
    "job": {"type": "category", "values": ["baker", "smith", "weaver"]},
    "member": {"type": "boolean"},
    "note": {"type": "text", "role": "ignored"},
    "rich": {"type": "category", "values": ["no", "yes"]},
}
SPLIT = HashSplit(kind="hash", val=0.2, test=0.2)
EXPECTATIONS: dict[str, Any] = {
    "rows": {"min": 100, "max": 300},
    "class_share": {"yes": {"min": 0.2, "max": 0.3}},
    "unique_together": [["age", "income"]],
}


def people() -> pd.DataFrame:
    """Make a table in which all that is declared holds."""
    n = np.arange(ROWS)
    return pd.DataFrame(
        {
            "id": n + 1000,
            "age": 18 + n % 60,
            "income": 1000.0 + n * 1.5,
            "job": np.array(["baker", "smith", "weaver"])[n % 3],
            "member": n % 2 == 0,
            "note": [f"note {i}" for i in n],
            "rich": np.where(n % 4 == 0, "yes", "no"),
        }
    )


def planted(column: str, values: dict[int, Any]) -> pd.DataFrame:
    """Make the table with other values in some rows of a column."""
    rows = people()
    cells = rows[column].tolist()
    for row, value in values.items():
        cells[row] = value
    rows[column] = pd.Series(cells)
    return rows


def schema(**changes: dict[str, Any] | None) -> SchemaConfig:
    """Declare the table, with columns changed, added, or (None) taken out."""
    columns = {**COLUMNS, **{name: {**COLUMNS.get(name, {}), **(c or {})} for name, c in changes.items()}}
    return SchemaConfig(target="rich", columns={n: c for n, c in columns.items() if changes.get(n, {}) is not None})


def check(
    rows: pd.DataFrame,
    declared: SchemaConfig | None = None,
    split: SplitConfig = SPLIT,
    pixels: np.ndarray | None = None,
    **expectations: Any,
) -> Report:
    """Validate a table, or images, as the table of people is declared but for what is given."""
    modality = "tabular" if pixels is None else "image"
    wanted = ExpectationsConfig.model_validate((EXPECTATIONS if pixels is None else {}) | expectations)
    return validate(RawData(rows, pixels), modality, declared or schema(), split, wanted)


def failed(report: Report) -> dict[str, Outcome]:
    """Give what does not hold, by its sentence."""
    return {outcome.expectation.sentence: outcome for outcome in report.failures}


def first(outcome: Outcome) -> list[tuple[int | None, Any]]:
    """Give the first failing rows and their values."""
    return [(found.row, found.value) for found in outcome.first]
