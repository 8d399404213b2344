"""Minting a registered version again from its number alone, and comparing what comes out with what was registered."""

import platform
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as version_of_package
from itertools import chain
from pathlib import Path
from typing import Any

from remint import paths
from remint.files import read_json
from remint.proof.certificate import Certificate
from remint.proof.coherence import DIFFERENT, IDENTICAL
from remint.proof.data import Start, Store, find_start
from remint.proof.environment import (
    Environment,
    declared_packages,
    environment_differences,
    package_differences,
    python_of,
    rebuilt,
    this_environment,
    wanting_packages,
)
from remint.proof.inputs import Difference, input_differences
from remint.proof.outputs import FINGERPRINT, Registered, altered_copies, compared_outputs, largest_differences
from remint.proof.package import altered_package
from remint.proof.running import run_stages
from remint.proof.scratch import scratch_project
from remint.proof.shape import STAGES
from remint.proof.verdict import Verdict, judge
from remint.provenance import processor
from remint.registry.checksums import verify as verify_files
from remint.registry.origin import Origin, origin_folder, origin_of
from remint.tracking.models import Version, local_folder
from remint.tracking.packaging import FILES_SEAL

CHECKSUMS = "remint.checksums"
"Tag of a version: sha256 of `checksums.json`."
Show = Callable[[str], None]
"Is told what is going on, a line at a time."


@dataclass
class Found:
    """What a verification finds, bit by bit."""

    verdict: Verdict
    start: str
    outputs: dict[str, dict[str, str | None]] = field(default_factory=dict)
    largest: dict[str, Any] | None = None
    environment: dict[str, Any] = field(default_factory=dict)
    "Of the training that was run anew."
    notes: list[str] = field(default_factory=list)


def verify(version: Version, start: str | None, rebuild: bool, store: Store, show: Show) -> Certificate:
    """Mint a version again and say how it compares.

    `start`: first stage to run, None for the latest whose inputs can be had from `store`; `rebuild`: install the
    commit's lock where the environment differs. Raises RemintError where the version cannot be minted: that is no
    verdict.
    """
    began = time.monotonic()
    origin, folder = origin_of(version), origin_folder(version)
    registered = Registered(local_folder(version), version.tags.get(FILES_SEAL))
    show(f"{version}: commit {(origin.commit or 'unknown')[:12]}{', uncommitted changes' if origin.dirty else ''}")
    with scratch_project(origin, folder) as root:
        found = _found(origin, registered, root, start, rebuild, store, show)
    if found.verdict.word == IDENTICAL:  # holds for the files that no stage writes, too
        verify_files(registered.model, version.tags.get(CHECKSUMS))
    if origin.dirty:
        found.notes.append("it was trained with uncommitted changes; they were applied to the commit")
    if registered.seal is None:
        found.notes.append("an earlier remint registered it: the code that it is served by was not compared")
    return _certificate(version, origin, found, time.monotonic() - began)


def _found(
    origin: Origin, registered: Registered, root: Path, asked: str | None, rebuild: bool, store: Store, show: Show
) -> Found:
    inputs = input_differences(origin, root, registered.code)
    first = next(chain(inputs, altered_package(registered, root)), None)
    if first is not None:
        return _refused(first, asked)
    start = find_start(asked, origin, store, root)
    if start.difference is not None:
        return _refused(start.difference, asked, start.notes)
    for note in start.notes:
        show(note)
    environment, notes = _environment(origin, root, rebuild, show)
    for note in notes:
        show(note)
    kinds = STAGES[start.stage]
    run_stages(root, environment.python, [origin.stage(kind).address for kind in kinds], show)
    found = _compared(origin, registered, root, start, environment)
    found.notes = [*start.notes, *notes, *found.notes]
    return found


def _refused(first: Difference, asked: str | None, notes: Iterable[str] = ()) -> Found:
    """Nothing is run: what would be trained is not the version."""
    return Found(Verdict(DIFFERENT, first), asked or "ingest", notes=list(notes))


def _environment(origin: Origin, root: Path, rebuild: bool, show: Show) -> tuple[Environment, list[str]]:
    """Give the environment to run in, and what is to be told of it."""
    here = this_environment()
    differences = package_differences(origin, here.packages)
    python = platform.python_version()
    if python != python_of(origin):
        differences.insert(0, Difference("environment", "python", python_of(origin), python))
    if not differences:
        return here, []
    if rebuild:
        show(f"making the environment of the commit's lock, as here {_listed(differences)}")
        made = rebuilt(origin, root)
        left = wanting_packages(origin, root, made.packages)
        told = f", in which {_listed(left)}" if left else ""
        return made, [f"the stages ran in an environment installed by the commit's lock{told}"]
    return here, [f"this environment is not that of the version: {_listed(differences)}"]


def _listed(differences: list[Difference]) -> str:
    """Name some of what differs."""
    told = [f"{d.name} {d.registered or 'none'} → {d.minted or 'none'}" for d in differences[:5]]
    more = f" and {len(differences) - len(told)} more" if len(differences) > len(told) else ""
    return f"{', '.join(told)}{more}"


def _compared(origin: Origin, registered: Registered, root: Path, start: Start, environment: Environment) -> Found:
    outputs = compared_outputs(origin, STAGES[start.stage], root, registered)
    largest = largest_differences(origin, root, registered)
    before = _registered_environment(origin)
    minted = read_json(root / paths.model(origin.experiment) / FINGERPRINT)["parts"]["environment"]
    now = {**minted, "processor": processor()}
    differences = environment_differences(before, now)
    declared = declared_packages(root) - before.keys()
    packages = [d for d in package_differences(origin, environment.packages) if d.name in declared]
    damaged = altered_copies(origin, registered)
    outputs |= {file: digests for file, digests in damaged.items() if file not in outputs}
    verdict = judge(outputs, differences, packages, largest, origin.tolerance, tuple(damaged))
    notes = [difference.sentence() for difference in differences]
    return Found(verdict, start.stage, outputs, largest, now, notes)


def _registered_environment(origin: Origin) -> dict[str, Any]:
    return {**origin.fingerprint["parts"]["environment"], "processor": origin.processor}


def _certificate(version: Version, origin: Origin, found: Found, seconds: float) -> Certificate:
    first = found.verdict.first
    return Certificate(
        model=version.name,
        version=version.number,
        run=version.run_id,
        fingerprint=version.fingerprint,
        commit=str(origin.commit),
        dirty=origin.dirty,
        start=found.start,
        verdict=found.verdict.word,
        outputs=found.outputs,
        largest=found.largest,
        tolerance=origin.tolerance,
        first_difference=None if first is None else first.content(),
        environment={"registered": _registered_environment(origin), "minted": found.environment},
        notes=found.notes,
        when=datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        seconds=round(seconds, 1),
        remint=_own_version(),
    )


def _own_version() -> str:
    try:
        return version_of_package("remint")
    except PackageNotFoundError:
        return "unknown"
