"""What holds of a project after any command that was cut off and the next one: nothing lost, halved or stuck."""

import fcntl
import json
import os
import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterState, FlowRunFilterStateType
from prefect.client.schemas.objects import TERMINAL_STATES, StateType

from remint.errors import RemintError
from remint.proof.certificate import check

_STRAY = (".tmp", ".old")


@dataclass(frozen=True)
class Outputs:
    """What a command that nothing interrupts leaves."""

    files: dict[str, str]
    "Path to sha256 of everything under data/."
    lock: str
    "Content of dvc.lock."


def outputs(root: Path) -> Outputs:
    """Read a project's outputs."""
    files = sorted(path for path in (root / "data").rglob("*") if path.is_file())
    digests = {str(path.relative_to(root)): sha256(path.read_bytes()).hexdigest() for path in files}
    lock = root / "dvc.lock"
    return Outputs(digests, lock.read_text() if lock.exists() else "")


def faults(root: Path, expected: Outputs, prefect_url: str = "") -> list[str]:
    """Tell all that is not as it is to be; nothing of a healthy project."""
    found = [*_outputs(root, expected), *_strays(root), *_locks(root), *_certificates(root)]
    with closing(sqlite3.connect(f"file:{root / 'mlruns/mlflow.db'}?mode=ro", uri=True)) as database:
        found += [*_runs(database), *_versions(database), *_history(database), *_artifacts(root, database)]
    return found + (_flow_runs(prefect_url) if prefect_url else [])


def _outputs(root: Path, expected: Outputs) -> Iterator[str]:
    now = outputs(root)
    other = [file for file in sorted({*now.files, *expected.files}) if now.files.get(file) != expected.files.get(file)]
    if other:
        yield f"not what an uninterrupted run writes: {', '.join(other)}"
    if now.lock != expected.lock:
        yield "dvc.lock is not what an uninterrupted run writes"


def _strays(root: Path) -> Iterator[str]:
    for folder, folders, files in os.walk(root):
        if Path(folder) == root:
            folders[:] = [name for name in folders if name not in (".git", "src", "flows")]
        for name in (*folders, *files):
            if name.startswith(".") and name.endswith(_STRAY):
                yield f"{Path(folder, name).relative_to(root)} is left"
    for place in ("runs", "checkpoints"):
        for file in sorted((root / ".remint" / place).rglob("*")):
            if file.is_file():
                yield f"{file.relative_to(root)} is left"


def _certificates(root: Path) -> Iterator[str]:
    """Tell of worktrees that `remint verify` left, and certificates that are not whole."""
    for entry in (root / ".git/worktrees").glob("*"):
        yield f"git knows the worktree {entry.name}"
    for file in (root / "mlruns/artifacts").rglob("certificate.json"):
        try:
            check(file.read_text(encoding="utf-8"))
        except RemintError as error:
            yield f"{file.relative_to(root)}: {error}"


def _locks(root: Path) -> Iterator[str]:
    rwlock = root / ".dvc/tmp/rwlock"
    if rwlock.exists() and any(json.loads(rwlock.read_text() or "{}").values()):
        yield f"DVC's rwlock is held: {rwlock.read_text()}"
    for file in (root / ".remint/run.lock", root / "mlruns/.lock", root / "mlruns/.registry.lock"):
        if file.exists():
            with file.open("a") as handle:
                try:
                    fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    yield f"{file.relative_to(root)} is held"


def _runs(database: sqlite3.Connection) -> Iterator[str]:
    trainings: Counter[tuple[str, str]] = Counter()
    for run, status in database.execute("SELECT run_uuid, status FROM runs WHERE lifecycle_stage = 'active'"):
        tags = dict(database.execute("SELECT key, value FROM tags WHERE run_uuid = ?", (run,)).fetchall())
        training = tags.get("remint.experiment", "?"), tags.get("remint.fingerprint", "?")
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
    there = "FROM model_versions WHERE current_stage != 'Deleted_Internal'"
    sources = {source for (source,) in database.execute(f"SELECT source {there}")}
    marks = "SELECT name, value, count(*) FROM model_version_tags WHERE key = 'remint.fingerprint' GROUP BY name, value"
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


def _flow_runs(url: str) -> list[str]:
    unended = FlowRunFilter(
        state=FlowRunFilterState(type=FlowRunFilterStateType(any_=[s for s in StateType if s not in TERMINAL_STATES]))
    )
    with SyncPrefectClient(url) as client:
        return [f"flow run {run.name} is {run.state_type}" for run in client.read_flow_runs(flow_run_filter=unended)]
