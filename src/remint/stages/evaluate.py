"""Stage `evaluate`: a trained model on the test split."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from remint import paths
from remint.checkpoints import drop_checkpoints
from remint.config.base import Config, Name
from remint.config.evaluation import EvaluationConfig
from remint.config.load import load_section
from remint.config.metrics import Task
from remint.config.specs import NumbersSpec, TokensSpec
from remint.data.prepared import Prepared
from remint.data.rows import rows_of
from remint.errors import RemintError
from remint.evaluation.findings import findings
from remint.evaluation.predict import predict
from remint.evaluation.samples import samples
from remint.evaluation.scored import Scored
from remint.evaluation.tables import curve_tables, prediction_table
from remint.evaluation.windows import seasonal_naive
from remint.files import read_json, write_json, writing_folder
from remint.models.store import DESCRIPTION, load_network
from remint.preprocessing.base import load_preprocessor
from remint.preprocessing.text import TextPreprocessor
from remint.registry.record import recorded_evaluation

FILE, TOP = paths.PARAMS_FILE, "experiments"


class Section(Config):
    """What the stage sees of an experiment."""

    dataset: Name
    task: Task


class DatasetSection(Config):
    """What the stage sees of the experiment's dataset."""

    evaluation: EvaluationConfig


def inputs(name: str, section: Section) -> tuple[Path, ...]:
    """Name the data that the stage reads; the history is drawn for the run."""
    return (paths.model(name), paths.prepared(section.dataset), paths.report("train", name) / "history.csv")


def run(name: str, section: Section) -> None:
    """Score a model on the test split; write metrics, predictions, the tables behind the plots, samples and findings.

    The results join the MLflow run of the training. Raises ConfigError where the dataset's `evaluation` asks for what
    its rows do not have, RemintError for a network that predicts NaN or infinity.
    """
    drop_checkpoints(name)
    asked = load_section(paths.DATASETS_FILE, "datasets", section.dataset, DatasetSection).evaluation
    network, spec, task = load_network(paths.model(name))
    prepared = Prepared(paths.prepared(section.dataset))
    preprocessor = load_preprocessor(read_json(prepared.folder / "preprocessor.json"))
    reader = preprocessor if isinstance(preprocessor, TextPreprocessor) else None
    arrays, raw = prepared.split("test"), prepared.rows("test")
    target = arrays["characters"] if isinstance(spec.outputs, TokensSpec) else arrays["target"]
    with recorded_evaluation(name):
        predicted = predict(network, rows_of(arrays, spec), task)
        _refuse_nonsense(name, predicted)
        scored = Scored(section.task, spec, arrays, raw, target, predicted, preprocessor.moments(raw))
        naive = seasonal_naive(arrays, spec) if isinstance(spec.outputs, NumbersSpec) else None
        with writing_folder(paths.report("evaluate", name)) as out:
            write_json(out / "metrics.json", scored.metrics())
            table = prediction_table(raw["row"].to_numpy(), target, predicted, spec.outputs)
            if scored.moments is not None:
                table.insert(1, "moment", scored.moments)
            table.to_parquet(out / "predictions.parquet", engine="pyarrow", index=False)
            (out / "plots").mkdir()
            for plot, curve in curve_tables(target, predicted, spec.outputs, naive).items():
                curve.to_csv(out / "plots" / f"{plot}.csv", index=False, float_format="%.9g")
            write_json(out / "samples.json", samples(network, spec, arrays, raw, predicted, reader))
            temperature = read_json(paths.model(name) / DESCRIPTION).get("temperature")
            found = findings(network, task, prepared, scored, asked, preprocessor, temperature)
            for finding, content in found.items():
                write_json(out / "findings" / f"{finding}.json", content)


def _refuse_nonsense(name: str, predicted: Mapping[str, np.ndarray]) -> None:
    for values in predicted.values():
        finite = np.isfinite(values.reshape(len(values), -1)).all(axis=1)
        if not finite.all():
            told = f"{(~finite).sum()} of {len(finite)} test rows"
            raise RemintError(
                f"{FILE}: experiments.{name}: the network predicts NaN or infinity for {told}; "
                'a smaller trainer.lr, or trainer.precision "32", would help'
            )
