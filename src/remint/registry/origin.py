"""What a version was made from, kept with it: all that minting it again needs beside git's objects.

The folder `remint/origin/` of a version holds `origin.json`, `dvc.lock` (the entries of its own stages) and, where the
tree had changes that no commit holds, `uncommitted.diff`.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from importlib.metadata import distributions
from pathlib import Path
from typing import Any

from remint import paths
from remint.config.experiment import ExperimentConfig
from remint.data.blocks import Blocks, file_blocks
from remint.errors import RemintError
from remint.files import read_json, write_json
from remint.git import git_state
from remint.provenance import file_digests
from remint.registry.locked_stages import LockedStage, locked_stages, stale_part
from remint.tracking.models import Version
from remint.tracking.version_files import local_folder

ORIGIN = "origin"
"Name of the folder in a version's folder `remint/`."
FILE, DIFF, LOCK = "origin.json", "uncommitted.diff", "dvc.lock"
VERIFIED = "remint.verified"
"Tag of a version: verdict and time of its last verification."
PLACE = "remint"
"Name of the folder of remint in a version's folder, beside the model."


@dataclass(frozen=True)
class OriginStage:
    """A stage as it ran; every digest is a sha256."""

    address: str
    "Such as `train@adult-mlp`."
    parameters: Mapping[str, Mapping[str, Any]]
    "File to dotted key to value, as `dvc.lock` has them."
    code: Mapping[str, str]
    "Digest by path."
    inputs: Mapping[str, str]
    "Digest by path of the data that it reads; of `ingest` by the name of the file that it fetches."
    outputs: Mapping[str, str]

    @property
    def kind(self) -> str:
        """The part before the @: `train`."""
        return self.address.partition("@")[0]


@dataclass(frozen=True)
class Origin:
    """What a version was made from."""

    experiment: str
    dataset: str
    commit: str | None
    "None outside a git repository, or before its first commit."
    dirty: bool
    diff: str | None
    "sha256 of `uncommitted.diff`; None where there is none."
    fingerprint: Mapping[str, Any]
    "The whole content of `fingerprint.json`."
    stages: tuple[OriginStage, ...]
    "In the order ingest, validate, preprocess, train, evaluate."
    rows: Mapping[str, Blocks]
    "Path of raw and prepared data to digests of blocks of its rows."
    packages: Mapping[str, str]
    "Every installed distribution but remint, with its version."
    tolerance: float
    "Largest relative difference of a metric at which a version minted on other hardware is equivalent."

    def stage(self, kind: str) -> OriginStage:
        """Give the stage of a kind."""
        return next(stage for stage in self.stages if stage.kind == kind)


def add_origin(folder: Path, experiment: str, config: ExperimentConfig) -> None:
    """Write an experiment's origin, from the tree as it is, into a new folder.

    Nothing is written where `dvc.lock` does not tell of every stage: nothing could then be minted again. Raises
    RemintError where code or parameters are no longer those that the stages ran with.
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
    diff = state.diff.encode(errors="surrogateescape")
    folder.mkdir(parents=True)
    if diff:
        (folder / DIFF).write_bytes(diff)
    (folder / LOCK).write_text(stages_text(stages), encoding="utf-8")
    origin = Origin(
        experiment=experiment,
        dataset=config.dataset,
        commit=state.commit,
        dirty=state.dirty,
        diff=hashlib.sha256(diff).hexdigest() if diff else None,
        fingerprint=fingerprint,
        stages=tuple(_stage(stage) for stage in stages),
        rows=_rows(config.dataset),
        packages=installed(),
        tolerance=config.tolerance,
    )
    write_json(folder / FILE, asdict(origin))


def read_origin(folder: Path) -> Origin:
    """Read what `add_origin` wrote. Raises RemintError for a folder that holds no origin, or one that was altered."""
    try:
        content = read_json(folder / FILE)
        stages = tuple(OriginStage(**stage) for stage in content.pop("stages"))
        rows = {name: Blocks(e["rows"], e["size"], tuple(e["digests"])) for name, e in content.pop("rows").items()}
        origin = Origin(stages=stages, rows=rows, **content)
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise RemintError(f"{folder / FILE} cannot be read: {error}") from None
    if origin.diff != diff_digest(folder):
        raise RemintError(f"{folder / DIFF} is not the file that {FILE} tells of: it was altered, or is gone")
    return origin


def origin_of(version: Version) -> Origin:
    """Read a version's origin. Raises RemintError where it has none, or tells of another training."""
    origin = read_origin(origin_folder(version))
    told = origin.fingerprint.get("fingerprint")
    if told != version.fingerprint:
        raise RemintError(f"the origin of {version} tells of the training {told}, its tag of {version.fingerprint}")
    return origin


def origin_folder(version: Version) -> Path:
    """Give the folder with a version's origin. Raises RemintError where it has none."""
    folder = local_folder(version) / PLACE / ORIGIN
    if not (folder / FILE).is_file():
        raise RemintError(
            f"{version} has no origin: an earlier remint registered it, or there was no {paths.LOCK_FILE}; "
            f"`remint run {version.name} --force` with this remint registers one that can be verified"
        )
    return folder


def diff_digest(folder: Path) -> str | None:
    """Give the sha256 of an origin's diff, None where it has none."""
    file = folder / DIFF
    return hashlib.sha256(file.read_bytes()).hexdigest() if file.is_file() else None


def installed() -> dict[str, str]:
    """Give every installed distribution but remint itself with its version, as imports would find it."""
    found: dict[str, str] = {}
    for distribution in distributions():
        name = distribution.name
        if name and name != "remint":
            found.setdefault(name.lower().replace("_", "-"), distribution.version)
    return dict(sorted(found.items()))


def stages_text(stages: tuple[LockedStage, ...]) -> str:
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
