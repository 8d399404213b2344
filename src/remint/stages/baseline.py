"""Stage `baseline`: scikit-learn estimators on the prepared splits. They leave results, no model."""

from pathlib import Path

from remint import paths
from remint.config.base import Config, Name
from remint.config.dataset import BaselineConfig
from remint.data.prepared import Prepared
from remint.evaluation.baselines import evaluate_baselines
from remint.files import write_json, writing_folder
from remint.registry.baselines import record_baselines

FILE, TOP = paths.DATASETS_FILE, "datasets"


class Section(Config):
    """What the stage sees of a dataset."""

    baselines: dict[Name, BaselineConfig]


def inputs(name: str, _section: Section) -> tuple[Path, ...]:
    """Name the data that the stage reads."""
    return (paths.prepared(name),)


def run(name: str, section: Section) -> None:
    """Fit and score the declared baselines; write `metrics.json` and `predictions.parquet`, record an MLflow run each.

    Raises ConfigError for a parameter that an estimator does not have or take.
    """
    results = evaluate_baselines(name, Prepared(paths.prepared(name)), section.baselines)
    with writing_folder(paths.report("baseline", name)) as out:
        write_json(out / "metrics.json", results.metrics)
        results.predictions.to_parquet(out / "predictions.parquet", engine="pyarrow", index=False)
    record_baselines(name)
