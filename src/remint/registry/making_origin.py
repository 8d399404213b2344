"""Making the origin of a version from the tree as it is."""

import hashlib
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

from remint import paths
from remint.config.experiment import ExperimentConfig
from remint.data.blocks import Blocks, file_blocks
from remint.errors import RemintError
from remint.files import read_json, write_json
from remint.git import git_state, has_commit, head, keep_commit
from remint.provenance import file_digests, processor
from remint.registry.locked_stages import LockedStage, locked_stages, stale_part
from remint.registry.origin import DIFF, FILE, LOCK, SEAL, Origin, OriginStage, installed, read_origin
from remint.tracking.models import Version


def add_origin(folder: Path, experiment: str, config: ExperimentConfig, kept: Path | None = None) -> None:
    """Write an experiment's origin, from the tree as it is, into a new folder.

    Nothing is written where `dvc.lock` does not tell of every stage: nothing could then be minted again. The commit is
    kept from `git gc`. What it was trained with stays as an origin in `kept` tells it, if that is of the same training.
    Raises RemintError where code or parameters are no longer those that the stages ran with.
    """
    stages = locked_stages(experiment, config.dataset)
    if stages is None:
        return
    fingerprint = read_json(paths.model(experiment) / "fingerprint.json")
    for stage in stages:
        part = stale_part(stage)
        if part:
            raise RemintError(f"{part} has changed since {stage.address} ran; run `remint run {experiment}` again")
    made_with, packages = _made_with(kept, fingerprint)
    state = git_state()
    if state.commit is not None:
        keep_commit(state.commit)
    diff = state.diff.encode(errors="surrogateescape")
    lock = _stages_text(stages).encode()
    folder.mkdir(parents=True)
    if diff:
        (folder / DIFF).write_bytes(diff)
    (folder / LOCK).write_bytes(lock)
    origin = Origin(
        experiment=experiment,
        dataset=config.dataset,
        commit=state.commit,
        prefix=state.prefix,
        dirty=state.dirty,
        diff=hashlib.sha256(diff).hexdigest() if diff else None,
        lock=hashlib.sha256(lock).hexdigest(),
        fingerprint=fingerprint,
        processor=made_with,
        stages=tuple(_stage(stage) for stage in stages),
        rows=_rows(config.dataset),
        packages=packages,
        tolerance=config.tolerance,
    )
    write_json(folder / FILE, asdict(origin))


def _made_with(kept: Path | None, fingerprint: Mapping[str, Any]) -> tuple[str, Mapping[str, str]]:
    """Give the processor and the packages of a training: as its origin tells them, else those of now."""
    with suppress(RemintError):
        if kept is not None and (before := read_origin(kept)).fingerprint == fingerprint:
            return before.processor, before.packages
    return processor(), installed()


def is_wanting(folder: Path, version: Version, dataset: str) -> bool:
    """Tell whether a version with this origin cannot be minted here, though one with the origin of now could.

    So it is of a version registered by an earlier remint or before the first commit, and of one whose commit was
    rebased away. An origin without its seal may be another's.
    """
    if head() is None or locked_stages(version.name, dataset) is None:
        return False
    if SEAL not in version.tags:
        return True
    try:
        commit = read_origin(folder).commit
    except RemintError:
        return True
    return commit is None or not has_commit(commit)


def _stages_text(stages: tuple[LockedStage, ...]) -> str:
    """Give a `dvc.lock` of these stages alone."""
    return "schema: '2.0'\nstages:\n" + "".join(stage.text for stage in stages)


def _stage(stage: LockedStage) -> OriginStage:
    sources = stage.source_digests
    return OriginStage(
        address=stage.address,
        parameters=stage.parameters,
        code=_digests(stage.code),
        inputs=sources if stage.address.startswith("ingest@") else _digests(stage.data),
        outputs=_digests(stage.outputs),
    )


def _digests(places: tuple[str, ...]) -> dict[str, str]:
    return {file: digest for place in places for file, digest in file_digests(Path(place)).items()}


def _rows(dataset: str) -> dict[str, Blocks]:
    found = {}
    for folder in (paths.raw(dataset), paths.prepared(dataset)):
        for file in sorted(folder.iterdir()):
            if blocks := file_blocks(file):
                found[file.as_posix()] = blocks
    return found
