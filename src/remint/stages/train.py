"""Stage `train`: a prepared dataset becomes a trained network, and an MLflow run."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pandas as pd
from pydantic import NonNegativeInt

from remint import paths
from remint.config.base import Config, Name
from remint.config.experiment import TrainerConfig
from remint.config.metrics import Task
from remint.data.module import PreparedDataModule
from remint.data.prepared import Prepared
from remint.data.raw import PRETRAINED
from remint.determinism import deterministic
from remint.errors import RemintError
from remint.files import write_json, write_text, writing_folder
from remint.models.base import ModelConfig, build_network, model_config
from remint.models.store import save_network
from remint.provenance import code_closure, fingerprint, section_of
from remint.tasks.base import task
from remint.tracking.resumption import Earlier
from remint.tracking.runs import training_run
from remint.tracking.training import TrainingRun
from remint.training.checkpoint import Checkpoints, Kept, Position, read_checkpoint
from remint.training.epochs import DivergenceError
from remint.training.fit import FitResult, fit
from remint.training.interval import interval
from remint.training.watch import Row

FILE, TOP = paths.PARAMS_FILE, "experiments"


class Section(Config):
    """What the stage sees of an experiment."""

    dataset: Name
    task: Task
    model: dict[str, Any]
    trainer: TrainerConfig
    seed: NonNegativeInt


def inputs(_name: str, section: Section) -> tuple[Path, ...]:
    """Name the data that the stage reads."""
    return (paths.prepared(section.dataset),)


def fingerprint_of(name: str, section: Section) -> dict[str, Any]:
    """Give the fingerprint of a training that begins now, with its parts, as `fingerprint.json` holds it.

    Raises ConfigError for a model that is declared wrongly.
    """
    config = model_config(name, section.model)
    decided = section.model_dump(mode="json") | {"model": config.model_dump(mode="json")}
    code = code_closure(__name__, f"remint.models.{config.family}", f"remint.tasks.{section.task}")
    return fingerprint(inputs(name, section), decided, code, config.packages)


def run(name: str, section: Section) -> None:
    """Train a network and record it as an MLflow run; write weights, description, fingerprint and history.

    A training that was cut off goes on, in the same run, from its last checkpoint, which stays until DVC has recorded
    the stage (`remint.checkpoints`). Raises ConfigError for a model that
    does not take such data, or a wrong setting of the environment, RemintError when the training diverges.
    """
    prepared, config = Prepared(paths.prepared(section.dataset)), model_config(name, section.model)
    trained = fingerprint_of(name, section)
    decided = section_of(trained["parts"])
    file, every = paths.checkpoint(name, trained["fingerprint"]), interval()
    kept = read_checkpoint(file, trained["fingerprint"])
    if kept is not None:
        print(f"remint: {_goes_on(name, kept.checkpoint.position)}", file=sys.stderr, flush=True)
    with training_run(section.dataset, name, decided, trained, _earlier(kept)) as record:
        start = kept.checkpoint if kept is not None else None
        checkpoints = Checkpoints(file, trained["fingerprint"], every, record.about, start)
        with _told_of(name):
            result = _train(prepared, config, section, record, checkpoints)
        with writing_folder(paths.model(name)) as out:
            save_network(out, result.weights, section.task, decided["model"], prepared.spec, result.temperature)
            write_json(out / "fingerprint.json", trained)
        write_text(paths.report("train", name) / "history.csv", history_csv(result.history))


def history_csv(history: list[Row]) -> str:
    """Give the history as CSV, numbers with nine significant digits."""
    return pd.DataFrame(history).astype({"epoch": int}).to_csv(index=False, float_format="%.9g")


def _goes_on(name: str, position: Position) -> str:
    batch = f", batch {position.batch + 1}" if position.batch else ""
    return f"train@{name} goes on from its checkpoint: epoch {position.epoch + 1}{batch}"


def _earlier(kept: Kept | None) -> Earlier | None:
    return None if kept is None else Earlier(kept.run_id, kept.seconds, kept.checkpoint.history)


def _train(
    prepared: Prepared, config: ModelConfig, section: Section, record: TrainingRun, checkpoints: Checkpoints
) -> FitResult:
    settings = section.trainer
    with deterministic(settings.threads):
        network = build_network(config, prepared.spec, section.seed)
        config.load_pretrained(network, prepared.folder / PRETRAINED)
    data = PreparedDataModule(prepared, settings.batch_size, section.seed, settings.workers)
    kind = task(section.task, prepared.spec.outputs)
    try:
        return fit(data, network, kind, settings, section.seed, record.log_row, checkpoints)
    except DivergenceError:
        checkpoints.remove()
        raise


@contextmanager
def _told_of(name: str) -> Iterator[None]:
    """Put the experiment before what is said about its settings."""
    try:
        yield
    except RemintError as error:
        raise type(error)(f"{FILE}: experiments.{name}: {error}") from None
