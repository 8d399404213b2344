"""Commits as sides of a comparison: what they declare, and what their `dvc.lock` records."""

import json
from collections.abc import Collection
from contextlib import suppress
from pathlib import PurePosixPath
from typing import Any

from remint import paths
from remint.proof.commits import Tree, cached_object
from remint.proof.moved import Interval
from remint.proof.side import Side
from remint.proof.views import intervals_of, locked_data, parameter_views, pinned_views
from remint.registry.locked_stages import LockedStage, value_at
from remint.tracking.values import flat

_EXPERIMENT_KEYS = ("dataset", "task", "model", "trainer", "seed")
_DATASET_KEYS = (
    "modality", "source", "schema", "split", "expectations", "cleaning", "preprocessing", "evaluation",
)  # fmt: skip
"What stages read of the two declarations; the rest is for people and for gates."


def whole_side(tree: Tree, label: str, declared: Collection[str] = ()) -> Side:
    """Give a commit's code and pinned packages; where `declared` names files and folders, code under them alone."""
    code = _code(tree, declared)
    other = {path: digest for path, digest in tree.code.items() if path not in code}
    views = {"code": {"stages": code}, "environment": pinned_views(tree.constraints, {})}
    return Side(label, None, None, views, text=tree.text, whole=True, other_code=other)


def _is_current(tree: Tree, name: str) -> bool:
    """Tell whether `dvc.lock` records a training with the parameters that the commit declares."""
    stage = tree.locked(f"train@{name}")
    recorded = {} if stage is None else stage.parameters.get(str(paths.PARAMS_FILE), {})
    return all(value_at({"experiments": tree.experiments}, key) == value for key, value in recorded.items())


def _code(tree: Tree, places: Collection[str]) -> dict[str, str]:
    """Give a commit's code that is in files and folders; all of it where none is named."""
    return {path: digest for path, digest in tree.code.items() if not places or _is_under(path, places)}


def _is_under(path: str, places: Collection[str]) -> bool:
    return any(path == place or path.startswith(f"{place}/") for place in places)


def experiment_side(tree: Tree, name: str, label: str, places: Collection[str] = ()) -> Side:
    """Give an experiment as a commit declares it and as its `dvc.lock` records it.

    `places` are the files and folders that its code is in; where none is named, that is all code of the commit.
    """
    section = tree.experiments.get(name, {})
    dataset = str(section.get("dataset", "")) or None
    declared = flat({key: section[key] for key in _EXPERIMENT_KEYS if key in section})
    own = tree.datasets.get(dataset or "", {})
    code = _code(tree, places)
    views: dict[str, Any] = {
        **parameter_views(declared, "declared"),
        "code": {"stages": code, "training": code},
        "environment": pinned_views(tree.constraints, declared),
        "dataset's declaration": {"declared": flat({key: own[key] for key in _DATASET_KEYS if key in own})},
    }
    stages = [s for a in (f"ingest@{dataset}", f"preprocess@{dataset}") if (s := tree.locked(a)) is not None]
    if stages:
        views["data"] = {"locked": locked_data(stages)}
    evaluated = tree.locked(f"evaluate@{name}") if _is_current(tree, name) else None
    return Side(label, name, dataset, views, _cached_metrics(evaluated) if evaluated else {}, whole=True)


def _cached_metrics(stage: LockedStage) -> dict[str, Interval]:
    """Give the metrics that a commit's `dvc.lock` names, as far as DVC's cache has them."""
    digests = {PurePosixPath(out["path"]).name: out.get("md5", "") for out in stage.entry["outs"]}
    metrics = _decoded(cached_object(digests.get("metrics.json", "")))
    listed = _decoded(cached_object(digests.get("findings", "")))
    entries = {entry["relpath"]: entry["md5"] for entry in listed} if isinstance(listed, list) else {}
    return intervals_of(_decoded(cached_object(entries.get("intervals.json", ""))), metrics)


def _decoded(content: bytes | None) -> Any:
    with suppress(ValueError):  # a damaged object of the cache
        return None if content is None else json.loads(content)
    return None
