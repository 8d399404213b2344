"""What holds of a project after any command that was cut off and the next one: nothing lost, halved or stuck."""

import fcntl
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterState, FlowRunFilterStateType
from prefect.client.schemas.objects import TERMINAL_STATES, StateType

from remint.errors import RemintError
from remint.proof.certificate import check
from tests.crash import store

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
    found += store.faults(root)
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


def _flow_runs(url: str) -> list[str]:
    unended = FlowRunFilter(
        state=FlowRunFilterState(type=FlowRunFilterStateType(any_=[s for s in StateType if s not in TERMINAL_STATES]))
    )
    with SyncPrefectClient(url) as client:
        return [f"flow run {run.name} is {run.state_type}" for run in client.read_flow_runs(flow_run_filter=unended)]
