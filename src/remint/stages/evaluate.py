"""Stage `evaluate`: a trained model on the test split."""

from pathlib import Path

from remint import paths
from remint.config.base import Config, Name
from remint.config.experiment import Task
from remint.config.specs import ClassesSpec
from remint.data.prepared import Prepared
from remint.evaluation.metrics import compute_metrics
from remint.evaluation.predict import predict
from remint.evaluation.tables import curve_tables, prediction_table
from remint.files import write_json, writing_folder
from remint.models.store import load_network
from remint.registry.record import recorded_evaluation

FILE, TOP = paths.PARAMS_FILE, "experiments"


class Section(Config):
    """What the stage sees of an experiment."""

    dataset: Name
    task: Task


def inputs(name: str, section: Section) -> tuple[Path, ...]:
    """Name the data that the stage reads."""
    return (paths.model(name), paths.prepared(section.dataset))


def run(name: str, section: Section) -> None:
    """Score a model on the test split; write `metrics.json`, `predictions.parquet` and the tables behind the plots.

    The results join the MLflow run of the training.
    """
    network, spec, task = load_network(paths.model(name))
    prepared = Prepared(paths.prepared(section.dataset))
    arrays = prepared.split("test")
    target, rows = arrays["target"], prepared.rows("test")["row"].to_numpy()
    with recorded_evaluation(name):
        predicted = predict(network, arrays, task)
        classes = spec.outputs.classes if isinstance(spec.outputs, ClassesSpec) else ()
        with writing_folder(paths.report("evaluate", name)) as out:
            write_json(out / "metrics.json", compute_metrics(section.task, target, predicted, classes))
            table = prediction_table(rows, target, predicted, spec.outputs)
            table.to_parquet(out / "predictions.parquet", engine="pyarrow", index=False)
            (out / "plots").mkdir()
            for plot, curve in curve_tables(target, predicted, spec.outputs).items():
                curve.to_csv(out / "plots" / f"{plot}.csv", index=False, float_format="%.9g")
