"""The folder `remint/` of a version: its evaluation, cost, decision and card, put together before it is registered."""

import hashlib
import json
import shutil
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd

from remint import paths
from remint.config.base import Config
from remint.config.experiment import ExperimentConfig
from remint.config.load import load_section
from remint.errors import DataError
from remint.files import read_json, write_json
from remint.provenance import content_digest
from remint.registry.baselines import declared_baselines
from remint.registry.card import About, write_card
from remint.registry.cost import measure_cost
from remint.registry.evidence import BASELINES, COST, EVALUATION, TEST
from remint.registry.inputs import example_inputs
from remint.registry.record import draw_evaluation
from remint.registry.rescore import TestSplit
from remint.tracking.run_facts import RunFacts, fetch_files, run_facts

PLACE = "remint"
"Name of the folder in a version's folder."
PLOTS = "plots"
"Of a version, and of the run that holds the same evaluation."
ABOUT = "about.json"
"What the card tells that is in no other file, so that it can be written again later."
EXAMPLES = 20
"Rows that are tried for the measuring of costs: a raw row may hold what the model refuses."


class _Section(Config):
    description: str = ""
    license: str = ""
    homepage: str = ""
    limits: tuple[str, ...] = ()


def dossier_digest(experiment: str, dataset: str) -> str:
    """Give the digest of all that a dossier is made of and that a later run can change: evaluation and baselines."""
    report = content_digest(paths.report("evaluate", experiment))
    return f"{report[:32]}{_digest(baselines(dataset))[:32]}"


def make_dossier(folder: Path, experiment: str, dataset: str, run_id: str, kept: Path | None) -> None:
    """Write all but cost, decision and card; what was measured of the version, if `kept` is its folder, stays."""
    shutil.copytree(paths.report("evaluate", experiment), folder / EVALUATION)
    if not fetch_files(run_id, PLOTS, folder):
        draw_evaluation(experiment, folder / PLOTS)
    write_json(folder / BASELINES, baselines(dataset))
    write_json(folder / TEST, {"digest": TestSplit(dataset).digest})
    for name in (COST, ABOUT):
        if kept is not None and (kept / name).is_file():
            shutil.copyfile(kept / name, folder / name)


def add_cost(folder: Path, model: Path, dataset: str, run_id: str) -> None:
    """Measure what a prediction costs, unless that is known. Raises DataError where no test row can be predicted."""
    if (folder / COST).is_file():
        return
    seconds, last = run_facts(run_id).seconds, DataError(f"{dataset} has no test row")
    for row in TestSplit(dataset).rows["row"].head(EXAMPLES):
        try:
            write_json(folder / COST, measure_cost(model, example_inputs(dataset, int(row), model), seconds))
            return
        except DataError as error:
            last = error
    raise last


def add_about(folder: Path, experiment: str, config: ExperimentConfig, number: int, run_id: str) -> None:
    """Write down what the card tells of the version's origin, unless that is known."""
    if not (folder / ABOUT).is_file():
        write_json(folder / ABOUT, asdict(_about(experiment, config, number, run_facts(run_id))))


def renumber(folder: Path, number: int) -> None:
    """Tell another version's number."""
    write_json(folder / ABOUT, {**read_json(folder / ABOUT), "version": number})


def renew_card(folder: Path) -> None:
    """Write the card from the files of the folder; of a dossier that an earlier remint made, none."""
    if (folder / ABOUT).is_file():
        content = read_json(folder / ABOUT)
        known = {**content, "limits": tuple(content["limits"])}
        write_card(folder, About(**known))


def baselines(dataset: str) -> dict[str, dict[str, float]]:
    """Give the metrics of each declared baseline; none for one that has not run."""
    file = paths.report("baseline", dataset) / "metrics.json"
    results = read_json(file) if file.exists() else {}
    return {name: results.get(name, {}) for name in declared_baselines(dataset)}


def _about(experiment: str, config: ExperimentConfig, number: int, run: RunFacts) -> About:
    section = load_section(paths.DATASETS_FILE, "datasets", config.dataset, _Section)
    splits = pd.read_parquet(paths.prepared(config.dataset) / "rows.parquet", columns=["split"])["split"]
    raw = paths.raw(config.dataset)
    return About(
        model=experiment,
        version=number,
        fingerprint=read_json(paths.model(experiment) / "fingerprint.json")["fingerprint"],
        commit=run.commit,
        dirty=run.dirty,
        created=datetime.now(UTC).date().isoformat(),
        family=str(config.model["family"]),
        task=config.task,
        primary_metric=config.primary_metric,
        dataset=config.dataset,
        dataset_digest=content_digest(raw) if raw.exists() else "not recorded",
        description=config.description,
        dataset_description=section.description,
        limits=section.limits,
        license=section.license,
        homepage=section.homepage,
        splits={str(name): int(count) for name, count in splits.value_counts(sort=False).items()},
        parameters=config.model_dump(mode="json", exclude={"description"}),
        baselines=baselines(config.dataset),
    )


def _digest(content: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
