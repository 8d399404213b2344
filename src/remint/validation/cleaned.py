"""What cleaning does to a dataset, step by step, in words and counts."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd

from remint.config.dataset import CleaningConfig, ColumnCleaning, SchemaConfig
from remint.preprocessing.cleaning import Cleaning
from remint.preprocessing.cleaning_column import ColumnCleaner
from remint.validation import words


@dataclass(frozen=True)
class Step:
    """One declared step, as it was fitted on train."""

    sentence: str
    "In words, such as `age is limited to between 0 and 120`."
    key: str
    "Where it is declared, below `datasets.NAME` of `datasets.yaml`."
    changes: str
    "`rows` that are left out, or `values` that become others."
    count: int
    of: int
    "Rows that it was counted on: all, or those that are kept."

    @property
    def share(self) -> float:
        """Share of rows that it changes."""
        return self.count / self.of if self.of else 0.0


@dataclass(frozen=True)
class CleaningSummary:
    """All steps, in the order in which they are done."""

    rows: int
    kept: int
    "Rows that are not left out."
    steps: tuple[Step, ...]

    def content(self) -> dict[str, Any]:
        """Give it as JSON."""
        steps = [{**asdict(step), "share": words.significant(step.share)} for step in self.steps]
        return {"rows": self.rows, "kept": self.kept, "steps": steps}


def cleaning_summary(
    rows: pd.DataFrame,
    images: np.ndarray | None,
    schema: SchemaConfig,
    config: CleaningConfig,
    cleaning: Cleaning | None,
) -> CleaningSummary | None:
    """Count what each declared step does; None where none is declared or it could not be fitted."""
    if cleaning is None or config == CleaningConfig():
        return None
    counts = cleaning.counts(rows, images)
    steps = (*_dropping(schema, config, counts), *_changing(config, cleaning, counts))
    return CleaningSummary(counts["rows"], counts["kept"], steps)


def _dropping(schema: SchemaConfig, config: CleaningConfig, counts: dict[str, Any]) -> Iterator[Step]:
    of, features = counts["rows"], _features(schema)
    for name, steps in config.columns.items():
        if steps.drop is not None and name in counts["columns"]:
            sentence = f"rows are left out unless {name} is {words.numbers(steps.drop.min, steps.drop.max)}, or missing"
            yield Step(sentence, f"cleaning.columns.{name}.drop", "rows", counts["columns"][name]["drop"], of)
    if "contradictions" in counts:
        sentence = f"rows alike in {features} that differ in {schema.target} are left out"
        yield Step(sentence, "cleaning.contradictions", "rows", counts["contradictions"], of)
    if "duplicates" in counts:
        both = schema.target if schema.target_is_text else f"{features} and {schema.target}"
        sentence = f"of rows alike in {both} only the first is kept"
        yield Step(sentence, "cleaning.duplicates", "rows", counts["duplicates"], of)


def _features(schema: SchemaConfig) -> str:
    names = schema.features()
    if not names:
        return "all pixels"
    return names[0] if len(names) == 1 else "every feature"


def _changing(config: CleaningConfig, cleaning: Cleaning, counts: dict[str, Any]) -> Iterator[Step]:
    for name, cleaner in cleaning.columns.items():
        for step, sentence in _sentences(name, config.columns[name], cleaner).items():
            count = counts["columns"][name][step]
            yield Step(sentence, f"cleaning.columns.{name}.{step}", "values", count, counts["kept"])


def _sentences(name: str, declared: ColumnCleaning, fitted: ColumnCleaner) -> dict[str, str]:
    """Tell what is done to values, with what was fitted."""
    sentences = {}
    if fitted.clip is not None:
        sentences["clip"] = f"{name} is limited to {words.numbers(*fitted.clip)}"
    if fitted.winsorise is not None and declared.winsorise is not None:
        low, high = (words.percent(share) for share in declared.winsorise)
        limits = words.numbers(*(words.significant(end) for end in fitted.winsorise if end is not None))
        sentences["winsorise"] = f"{name} is limited to its quantiles of {low} and {high} in train, {limits}"
    if fitted.impute is not None:
        fill = f'"{words.cut(fitted.impute, 40)}"' if isinstance(fitted.impute, str) else _number(fitted.impute)
        of_train = f", the {declared.impute} of train" if declared.impute in ("mean", "median", "most-frequent") else ""
        sentences["impute"] = f"a missing {name} becomes {fill}{of_train}"
    return sentences


def _number(value: float) -> str:
    return words.number(words.significant(value))
