"""Getting what a stage reads into a scratch project by its digest, and making sure that it is what the version had."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from remint import paths
from remint.config.load import read_yaml, validated
from remint.config.source import FileSource, SourceConfig
from remint.data.blocks import differing_rows, file_blocks
from remint.errors import DataError, RemintError
from remint.proof.inputs import Difference
from remint.provenance import file_digests
from remint.registry.locked_stages import value_at
from remint.registry.origin import Origin
from remint.sources.fetch import fetch, sha256_of

_READ = {"train": ("preprocess",), "preprocess": ("ingest", "validate")}
"First stage, the latest before, to those whose outputs it reads; `ingest` reads none."


class Store(Protocol):
    """Where outputs are kept by their digests: DVC's cache and remotes."""

    def place(self, output: Mapping[str, Any], target: Path) -> None:
        """Put an output, as `dvc.lock` tells of it, to a path that does not exist. Raises RemintError: it is not had.

        What is damaged in the store is put there as it is.
        """


@dataclass(frozen=True)
class Start:
    """Where the stages begin."""

    stage: str
    "`train`, `preprocess` or `ingest`."
    notes: tuple[str, ...] = ()
    "Why not later."
    difference: Difference | None = None
    "Of what that stage reads, where nothing else was allowed."


def find_start(asked: str | None, origin: Origin, store: Store, root: Path) -> Start:
    """Put into the scratch project what the first stage reads: the one asked for, else the latest that can have it.

    Raises RemintError where what the stage asked for reads cannot be had, or the disk cannot be written.
    """
    notes: list[str] = []
    if asked is not None and asked != "ingest":
        try:
            return Start(asked, difference=_bring(asked, origin, store, root))
        except RemintError as error:
            raise RemintError(f"--from {asked}: {error}; `dvc pull` it, or begin earlier: --from ingest") from None
    for stage in _READ if asked is None else ():
        try:
            damaged = _bring(stage, origin, store, root)
        except RemintError as error:
            notes.append(f"not from {stage}: {error}")
            continue
        if damaged is None:
            return Start(stage, tuple(notes))
        rows = f", {damaged.detail}" if damaged.detail else ""
        notes.append(f"not from {stage}: the stored {damaged.name} is damaged{rows}; an earlier stage makes it anew")
    return Start("ingest", tuple(notes), _fetch_local_sources(origin, root))


def _bring(stage: str, origin: Origin, store: Store, root: Path) -> Difference | None:
    """Put into the scratch project what a stage reads; give the first difference from what the version had."""
    locked = read_yaml(root / paths.LOCK_FILE)["stages"]
    for kind in _READ[stage]:
        made = origin.stage(kind)
        for output in locked[made.address]["outs"]:
            try:
                store.place(output, root / output["path"])
            except RemintError as error:
                raise RemintError(f"{output['path']} cannot be had ({error})") from None
        found = {name.relative_to(root).as_posix(): digest for name, digest in _digests(root, locked[made.address])}
        for file in dict.fromkeys([*made.outputs, *found]):
            if made.outputs.get(file) != found.get(file):
                return data_difference(origin, file, made.outputs.get(file), found.get(file), root)
    return None


def data_difference(origin: Origin, file: str, registered: str | None, minted: str | None, root: Path) -> Difference:
    """Tell of a file of data that is another, and which of its rows are."""
    return Difference("data", file, registered, minted, rows_that_differ(origin, file, root))


def rows_that_differ(origin: Origin, file: str, root: Path) -> str:
    """Tell which rows of a file in a scratch project differ; the empty text where that is not known."""
    if file not in origin.rows or not (root / file).is_file():
        return ""
    try:
        blocks = file_blocks(root / file)
    except Exception as error:  # whatever a reader of a damaged file may raise
        return f"not readable ({type(error).__name__})"
    if blocks is None:
        return ""
    return differing_rows(origin.rows[file], blocks) or "no row differs: the file's form does"


def _digests(root: Path, entry: Mapping[str, Any]) -> Iterator[tuple[Path, str]]:
    for output in entry["outs"]:
        for file, digest in file_digests(root / output["path"]).items():
            yield Path(file), digest


def _fetch_local_sources(origin: Origin, root: Path) -> Difference | None:
    """Fetch what this machine's files are the source of, as the worktree lacks those that git ignores.

    They go where all downloads go, which both projects share. Give the first that cannot be had because the file there
    is another one; what cannot be had for any other reason is left for `ingest` to tell.
    """
    dataset = origin.dataset
    declared = value_at(read_yaml(root / paths.DATASETS_FILE), f"datasets.{dataset}.source")
    source = validated(paths.DATASETS_FILE, ("datasets", dataset, "source"), SourceConfig, declared)
    for name, file in {**source.files, **source.pretrained}.items():
        local = [Path(place.path).expanduser() for place in file.alternatives if isinstance(place, FileSource)]
        if local:
            try:
                fetch(name, file)
            except DataError:
                other = next((sha256_of(place) for place in local if place.is_file() and not file.gunzip), None)
                if other is not None:
                    return Difference("data", name, file.sha256, other)
    return None
