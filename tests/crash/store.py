"""What holds of MLflow's store after any command that was cut off and the next one."""

import json
import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from hashlib import sha256
from pathlib import Path
from typing import Any

from remint.provenance import content_digest
from remint.registry.origin import SEAL

_FINGERPRINT = "remint.fingerprint"
_TRAINING = f"key = '{_FINGERPRINT}' AND value = ?"
_VERSIONS = "FROM model_versions WHERE current_stage != 'Deleted_Internal'"


def faults(root: Path) -> list[str]:
    """Tell all that is not as it is to be; nothing of a healthy store."""
    with closing(sqlite3.connect(f"file:{root / 'mlruns/mlflow.db'}?mode=ro", uri=True)) as database:
        return [
            *_runs(database), *_versions(database), *_history(database), *_artifacts(root, database),
            *_seals(root, database), *_evaluations(root, database),
        ]  # fmt: skip


def _runs(database: sqlite3.Connection) -> Iterator[str]:
    trainings: Counter[tuple[str, str]] = Counter()
    for run, status in database.execute("SELECT run_uuid, status FROM runs WHERE lifecycle_stage = 'active'"):
        tags = dict(database.execute("SELECT key, value FROM tags WHERE run_uuid = ?", (run,)).fetchall())
        training = tags.get("remint.experiment", "?"), tags.get(_FINGERPRINT, "?")
        trainings[training] += status == "FINISHED"
        if status not in ("FINISHED", "FAILED"):
            yield f"run {run} of {training[0]} is {status}"
        if status == "FAILED" and not tags.get("remint.failure"):
            yield f"run {run} of {training[0]} is FAILED without a reason"
    for (name, fingerprint), finished in trainings.items():
        if finished != 1:
            yield f"{finished} finished runs of {name} {fingerprint[:8]}"
    repeated = "SELECT run_uuid, key, step, count(*) FROM metrics GROUP BY run_uuid, key, step HAVING count(*) > 1"
    for run, key, step, count in database.execute(repeated):
        yield f"run {run} has {count} values of {key} at step {step}"


def _versions(database: sqlite3.Connection) -> Iterator[str]:
    sources = {source for (source,) in database.execute(f"SELECT source {_VERSIONS}")}
    marks = f"SELECT name, value, count(*) FROM model_version_tags WHERE key = '{_FINGERPRINT}' GROUP BY name, value"
    for name, fingerprint, count in database.execute(marks):
        if count != 1:
            yield f"{count} versions of {name} {fingerprint[:8]}"
    for (name,) in database.execute("SELECT DISTINCT name FROM registered_models"):
        sql = "SELECT count(*) FROM registered_model_aliases WHERE alias = 'champion' AND name = ?"
        if database.execute(sql, (name,)).fetchone()[0] != 1:
            yield f"{name} has no champion"
    for model, status in database.execute(
        "SELECT model_id, status FROM logged_models WHERE lifecycle_stage = 'active'"
    ):
        if f"models:/{model}" not in sources:
            yield f"logged model {model} belongs to no version"
        elif status != 2:
            yield f"logged model {model} is not ready"


def _history(database: sqlite3.Connection) -> Iterator[str]:
    champions = dict(database.execute("SELECT name, version FROM registered_model_aliases WHERE alias = 'champion'"))
    entries: dict[str, list[dict[str, Any]]] = {}
    sql = "SELECT name, key, value FROM registered_model_tags WHERE key LIKE 'remint.history.%' ORDER BY key"
    for name, key, value in database.execute(sql):
        entry = json.loads(value)
        before = entries.setdefault(name, [])
        if int(key.rpartition(".")[2]) != len(before) + 1:
            yield f"the history of {name} has a gap before {key}"
        if entry["origin"] != (before[-1]["target"] if before else None):
            yield f"{key} of {name} begins with {entry['origin']}, where the entry before it does not end"
        if entry["pending"]:
            yield f"{key} of {name} is half done"
        if entry["what"] == "outside":
            yield f"{key} of {name} tells of a change outside remint"
        before.append(entry)
    for name, champion in champions.items():
        if not entries.get(name) or entries[name][-1]["target"] != champion:
            yield f"the history of {name} does not end with its champion"


def _artifacts(root: Path, database: sqlite3.Connection) -> Iterator[str]:
    models = {
        model for (model,) in database.execute("SELECT model_id FROM logged_models WHERE lifecycle_stage='active'")
    }
    runs = {run for (run,) in database.execute("SELECT run_uuid FROM runs")}
    for folder in sorted((root / "mlruns/artifacts").glob("*/*")):
        known = models if folder.name == "models" else runs
        for place in sorted(folder.iterdir()) if folder.name == "models" else [folder]:
            if place.name not in known:
                yield f"{place.relative_to(root)} belongs to nothing"


def _seals(root: Path, database: sqlite3.Connection) -> Iterator[str]:
    """Tell of versions without an origin, and of those without the seal of theirs."""
    for version, tags, folder in _stored_versions(root, database):
        origin = folder / "remint/origin/origin.json"
        if not origin.is_file():
            yield f"{version} has no origin"
        elif tags.get(SEAL) != sha256(origin.read_bytes()).hexdigest():
            yield f"{version} has the seal {tags.get(SEAL)}, which is not that of its origin.json"


def _evaluations(root: Path, database: sqlite3.Connection) -> Iterator[str]:
    """Tell of the run and the version of a training whose evaluation is not the one under data/."""
    for file in (root / "data/models").glob("*/fingerprint.json"):
        fingerprint = json.loads(file.read_text())["fingerprint"]
        now = content_digest(root / "data/reports/evaluate" / file.parent.name)
        finished = f"SELECT run_uuid FROM tags JOIN runs USING (run_uuid) WHERE status = 'FINISHED' AND {_TRAINING}"
        runs = database.execute(finished, (fingerprint,)).fetchall()
        held = {f"run {run}": root.glob(f"mlruns/artifacts/*/{run}/artifacts/evaluation") for (run,) in runs}
        for version, tags, folder in _stored_versions(root, database):
            if tags.get(_FINGERPRINT) == fingerprint:
                held[version] = folder.glob("remint/evaluation")
        for place, folders in held.items():
            if [content_digest(folder) for folder in folders] != [now]:
                yield f"{place} does not hold the evaluation of now"


def _stored_versions(root: Path, database: sqlite3.Connection) -> Iterator[tuple[str, dict[str, str], Path]]:
    """Give what each version is called, its tags and its folder."""
    for name, number, source in database.execute(f"SELECT name, version, source {_VERSIONS}").fetchall():
        sql = "SELECT key, value FROM model_version_tags WHERE name = ? AND version = ?"
        model = source.removeprefix("models:/")
        folder = next(root.glob(f"mlruns/artifacts/*/models/{model}/artifacts"), root / model)
        yield f"{name}/{number}", dict(database.execute(sql, (name, number)).fetchall()), folder
