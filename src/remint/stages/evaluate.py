"""Stage `evaluate`: a trained model on the test split."""

from pathlib import Path

from remint import paths
from remint.config.base import Config, Name
from remint.config.metrics import Task
from remint.config.specs import ClassesSpec, NumbersSpec, TextSpec, TokensSpec
from remint.data.prepared import Prepared
from remint.data.rows import rows_of
from remint.evaluation.metrics import compute_metrics
from remint.evaluation.predict import predict
from remint.evaluation.samples import samples
from remint.evaluation.tables import curve_tables, prediction_table
from remint.evaluation.windows import seasonal_naive
from remint.files import read_json, write_json, writing_folder
from remint.models.store import load_network
from remint.preprocessing.text import TextPreprocessor, load
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
    """Score a model on the test split; write metrics, predictions, the tables behind the plots, and samples to look at.

    The results join the MLflow run of the training.
    """
    network, spec, task = load_network(paths.model(name))
    prepared = Prepared(paths.prepared(section.dataset))
    arrays, raw = prepared.split("test"), prepared.rows("test")
    target = arrays["characters"] if isinstance(spec.outputs, TokensSpec) else arrays["target"]
    with recorded_evaluation(name):
        predicted = predict(network, rows_of(arrays, spec), task)
        naive = seasonal_naive(arrays, spec) if isinstance(spec.outputs, NumbersSpec) else None
        classes = spec.outputs.classes if isinstance(spec.outputs, ClassesSpec) else ()
        with writing_folder(paths.report("evaluate", name)) as out:
            write_json(out / "metrics.json", compute_metrics(section.task, target, predicted, classes))
            table = prediction_table(raw["row"].to_numpy(), target, predicted, spec.outputs)
            table.to_parquet(out / "predictions.parquet", engine="pyarrow", index=False)
            (out / "plots").mkdir()
            for plot, curve in curve_tables(target, predicted, spec.outputs, naive).items():
                curve.to_csv(out / "plots" / f"{plot}.csv", index=False, float_format="%.9g")
            write_json(out / "samples.json", samples(network, spec, arrays, raw, predicted, _reader(prepared)))


def _reader(prepared: Prepared) -> TextPreprocessor | None:
    """Give what reads texts, where the dataset holds any."""
    if not isinstance(prepared.spec.inputs, TextSpec):
        return None
    return load(read_json(prepared.folder / "preprocessor.json"))
