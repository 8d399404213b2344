"""After the stages: register and promote what they made, and remember that it was done.

What the last run found is kept in `.remint/results.json`, so that a run with nothing to do need not load MLflow. A line
counts only while the files that it stands on, the gates and the MLflow store itself are as they were when it was kept,
and only if the store said the same then: a promotion or a rollback changes the store, and what is measured of a version
(its cost) is kept there and never measured again.
"""

import hashlib
import json
import os
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from flows.summary import ExperimentResult, GateLine, Summary
from remint import paths
from remint.config.experiment import ExperimentConfig
from remint.config.load import Project
from remint.errors import RemintError
from remint.files import read_json, write_json
from remint.git import has_commit, head

RESULTS = paths.STATE / "results.json"


def finish_experiment(experiment: str, config: ExperimentConfig) -> tuple[ExperimentResult, str]:
    """Register what an experiment trained, unless that very model is registered, and promote it if it may be.

    Give the result, and the decision as a page in Markdown. Raises RemintError where the store cannot be used.
    """
    from remint.registry.promotion import better_baselines, register_and_promote

    decision = register_and_promote(experiment, config)
    result = ExperimentResult(
        experiment=experiment,
        dataset=config.dataset,
        metric=decision.metric,
        value=decision.value,
        champion_value=decision.champion_value,
        version=decision.version,
        champion_version=decision.champion_version,
        promoted=decision.promoted,
        reason=decision.reason,
        run_id=decision.run_id,
        beaten_by=better_baselines(config.dataset, decision.metric, decision.value),
        gates=tuple(GateLine(verdict.gate, verdict.passed, verdict.sentence) for verdict in decision.verdicts),
    )
    return result, decision.markdown()


def restore_baselines(dataset: str) -> None:
    """Record a dataset's baselines in MLflow where they are not: their files may come from a cache."""
    from remint.registry.baselines import record_baselines

    record_baselines(dataset)


def remember(summary: Summary, project: Project) -> None:
    """Keep the table of a run beside those of earlier ones, each line with the store that it was true of.

    Another process may have changed the champion since a line was made: then it is kept as true of no store.
    """
    from remint.registry.history import registry_lock

    kept = _read().get("experiments", {})
    with registry_lock():
        for result in summary.experiments:
            store = _store_stamp() if _holds(result) else None
            about = {"store": store, "key": _key(result.experiment, project), "commit": store and _commit(result)}
            kept[result.experiment] = {**about, "result": asdict(result)}
        write_json(RESULTS, {"experiments": kept})


def _holds(result: ExperimentResult) -> bool:
    """Tell whether the store still says what a result does."""
    from remint.registry.promotion import versions

    try:
        known = {version.number: version.is_champion for version in versions(result.experiment)}
    except RemintError:
        return False
    champion = next((number for number, served in known.items() if served), None)
    return result.version in known and champion == result.champion_version


def _commit(result: ExperimentResult) -> str | None:
    """Give the commit that a result's version tells to be of, None where it tells of none."""
    from remint.registry.origin import origin_of
    from remint.registry.promotion import versions

    try:
        return next(origin_of(v).commit for v in versions(result.experiment) if v.number == result.version)
    except RemintError:
        return None


def recall(experiments: tuple[str, ...], project: Project) -> tuple[ExperimentResult, ...] | None:
    """Give the results of experiments that are registered and promoted already; None unless all are.

    A version without a commit that git has is registered with the one of now.
    """
    kept, results = _kept(), []
    entries = [kept.get(experiment, {}) for experiment in experiments]
    commits = {entry.get("commit") for entry in entries}
    if head() is not None and not all(commit and has_commit(commit) for commit in commits):
        return None
    for experiment, entry in zip(experiments, entries, strict=True):
        if not entry or entry["key"] != _key(experiment, project):
            return None
        results.append(_settled(_result(entry)))
    return tuple(results)


def _settled(result: ExperimentResult) -> ExperimentResult:
    """Tell a promotion of an earlier run as what it is now."""
    if not result.promoted:
        return result
    reason = f"version {result.version} is the champion already"
    return replace(result, promoted=False, champion_value=result.value, reason=reason)


def last_results() -> dict[str, ExperimentResult]:
    """Give experiment to the last result that a run kept, whatever has changed since."""
    return {name: _result(entry) for name, entry in _read().get("experiments", {}).items()}


def _result(entry: dict[str, Any]) -> ExperimentResult:
    """Give back a result that was kept."""
    gates = tuple(GateLine(**gate) for gate in entry["result"].get("gates", ()))
    return ExperimentResult(**{**entry["result"], "gates": gates})


def _kept() -> dict[str, Any]:
    """Give what is kept of the store as it is: nothing of another, or from before a change."""
    stamp = _store_stamp()
    kept = _read().get("experiments", {})
    return {name: entry for name, entry in kept.items() if stamp is not None and entry.get("store") == stamp}


def _read() -> dict[str, Any]:
    try:
        return dict(read_json(RESULTS))
    except (OSError, ValueError):
        return {}


def _store_stamp() -> list[int] | None:
    """Tell the local store's state apart from any other; None for a store on a server, which can change unseen."""
    if os.environ.get("MLFLOW_TRACKING_URI") or not paths.MLFLOW_DB.exists():
        return None
    status = paths.MLFLOW_DB.stat()
    return [status.st_ino, status.st_size, status.st_mtime_ns]


def _key(experiment: str, project: Project) -> str:
    """Digest of all that a decision stands on."""
    config = project.experiments[experiment]
    evaluation = paths.report("evaluate", experiment)
    files = (
        paths.model(experiment) / "fingerprint.json",
        evaluation / "metrics.json",
        evaluation / "predictions.parquet",
        *sorted((evaluation / "findings").glob("*.json")),
        paths.report("baseline", config.dataset) / "metrics.json",
    )
    decided_by = {"gates": {n: g.model_dump() for n, g in config.all_gates.items()}, "metric": config.primary_metric}
    whole = hashlib.sha256(json.dumps(decided_by, sort_keys=True).encode())
    for file in files:
        whole.update(file.as_posix().encode())
        whole.update(_digest(file))
    return whole.hexdigest()


def _digest(file: Path) -> bytes:
    return hashlib.sha256(file.read_bytes()).digest() if file.exists() else b"missing"
