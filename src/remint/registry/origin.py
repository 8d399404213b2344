"""What a version was made from, kept with it: all that minting it again needs beside git's objects.

The folder `remint/origin/` of a version holds `origin.json`, `dvc.lock` (the entries of its own stages) and, where the
tree had changes that no commit holds, `uncommitted.diff`.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import distributions
from pathlib import Path
from typing import Any

from remint import paths
from remint.data.blocks import Blocks
from remint.errors import RemintError
from remint.files import read_json
from remint.provenance import parts_digest
from remint.tracking.models import Version
from remint.tracking.version_files import local_folder

ORIGIN = "origin"
"Name of the folder in a version's folder `remint/`."
FILE, DIFF, LOCK = "origin.json", "uncommitted.diff", "dvc.lock"
VERIFIED = "remint.verified"
"Tag of a version: verdict and time of its last verification."
SEAL = "remint.origin"
"Tag of a version: sha256 of its `origin.json`, which holds those of the files beside it."
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
    prefix: str
    "The project's folder below the root of its repository, such as `models/people/`."
    dirty: bool
    diff: str | None
    "sha256 of `uncommitted.diff`; None where there is none."
    lock: str
    "sha256 of the `dvc.lock` beside it."
    fingerprint: Mapping[str, Any]
    "The whole content of `fingerprint.json`."
    processor: str
    "Its model, which is not in the fingerprint: most have the same bits."
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


def read_origin(folder: Path) -> Origin:
    """Read an origin. Raises RemintError for a folder that holds none, or one that was altered."""
    try:
        content = read_json(folder / FILE)
        stages = tuple(OriginStage(**stage) for stage in content.pop("stages"))
        rows = {name: Blocks(e["rows"], e["size"], tuple(e["digests"])) for name, e in content.pop("rows").items()}
        origin = Origin(stages=stages, rows=rows, **content)
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise RemintError(f"{folder / FILE} cannot be read: {error}") from None
    for name, told in ((DIFF, origin.diff), (LOCK, origin.lock)):
        if told != file_sha256(folder / name):
            raise RemintError(f"{folder / name} is not the file that {FILE} tells of: it was altered, or is gone")
    return origin


def origin_of(version: Version) -> Origin:
    """Read a version's origin. Raises RemintError where it has none, was altered, or tells of another training.

    A version has no seal where the renewal of its origin was cut off; the next `remint run` seals it.
    """
    folder = origin_folder(version)
    seal, found = version.tags.get(SEAL), file_sha256(folder / FILE)
    if seal not in (None, found):
        raise RemintError(f"{folder / FILE} was altered: its sha256 is {found}, the tag {SEAL} of {version} has {seal}")
    origin = read_origin(folder)
    told = origin.fingerprint.get("fingerprint")
    if told != version.fingerprint:
        raise RemintError(f"the origin of {version} tells of the training {told}, its tag of {version.fingerprint}")
    if parts_digest(origin.fingerprint["parts"]) != told:
        raise RemintError(f"{folder / FILE} was altered: the parts of its fingerprint are not those of {told}")
    return origin


def origin_folder(version: Version) -> Path:
    """Give the folder with a version's origin. Raises RemintError where it has none."""
    folder = local_folder(version) / PLACE / ORIGIN
    if not (folder / FILE).is_file():
        raise RemintError(
            f"{version} has no origin: an earlier remint registered it, or there was no {paths.LOCK_FILE}; "
            f"`remint run {version.name}` gives it that of now, if it is what the present tree makes"
        )
    return folder


def seal_tags(folder: Path) -> dict[str, str]:
    """Give the tag that seals a folder's origin; none where it holds no origin."""
    seal = file_sha256(folder / FILE)
    return {} if seal is None else {SEAL: seal}


def installed() -> dict[str, str]:
    """Give every installed distribution but remint itself with its version, as imports would find it."""
    found: dict[str, str] = {}
    for distribution in distributions():
        name = distribution.name
        if name and name != "remint":
            found.setdefault(name.lower().replace("_", "-"), distribution.version)
    return dict(sorted(found.items()))


def file_sha256(file: Path) -> str | None:
    """Give a file's sha256, None where it is not there."""
    return hashlib.sha256(file.read_bytes()).hexdigest() if file.is_file() else None
