"""Making the origin of a version from the tree as it is."""

import hashlib
from dataclasses import asdict
from pathlib import Path

from remint import paths
from remint.config.experiment import ExperimentConfig
from remint.data.blocks import Blocks, file_blocks
from remint.errors import RemintError
from remint.files import read_json, write_json
from remint.git import git_state, has_commit, head, keep_commit
from remint.provenance import file_digests, processor
from remint.registry.locked_stages import LockedStage, locked_stages, stale_part
from remint.registry.origin import DIFF, FILE, LOCK, Origin, OriginStage, installed, read_origin


def add_origin(folder: Path, experiment: str, config: ExperimentConfig) -> None:
    """Write an experiment's origin, from the tree as it is, into a new folder.

    Nothing is written where `dvc.lock` does not tell of every stage: nothing could then be minted again. The commit is
    kept from `git gc`. Raises RemintError where code or parameters are no longer those that the stages ran with.
    """
    stages = locked_stages(experiment, config.dataset)
    if stages is None:
        return
    fingerprint = read_json(paths.model(experiment) / "fingerprint.json")
    for stage in stages:
        part = stale_part(stage)
        if part:
            raise RemintError(f"{part} has changed since {stage.address} ran; run `remint run {experiment}` again")
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
        processor=processor(),
        stages=tuple(_stage(stage) for stage in stages),
        rows=_rows(config.dataset),
        packages=installed(),
        tolerance=config.tolerance,
    )
    write_json(folder / FILE, asdict(origin))


def is_wanting(folder: Path, experiment: str, dataset: str) -> bool:
    """Tell whether a version with this origin cannot be minted here, though one with the origin of now could.

    So it is of a version registered by an earlier remint or before the first commit, and of one whose commit was
    rebased away.
    """
    if head() is None or locked_stages(experiment, dataset) is None:
        return False
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
