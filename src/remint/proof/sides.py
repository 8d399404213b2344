"""Versions, runs and commits as sides of a comparison."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from remint import paths
from remint.errors import RemintError
from remint.files import read_json
from remint.proof.commits import CODE, file_at, read_tree
from remint.proof.environment import packages_of
from remint.proof.references import Commit, Named, Run
from remint.proof.side import Side
from remint.proof.tree_sides import experiment_side, whole_side
from remint.proof.views import intervals_of, origin_views, recorded_views, trained_views
from remint.registry.locked_stages import lock_entries

if TYPE_CHECKING:
    from remint.registry.origin import Origin
    from remint.tracking.models import Version

_INTERVALS, _METRICS = "findings/intervals.json", "metrics.json"
_TEST = "test_"


@dataclass(frozen=True)
class Pair:
    """Two sides that are compared, and what of."""

    title: str
    "An experiment, or the empty text where there is but one pair."
    first: Side
    second: Side


def pairs(first: Named, second: Named) -> tuple[Pair, ...]:
    """Give what of two things is compared: of two commits what both share, then each experiment that either has.

    Raises RemintError where one of them tells nothing that can be compared.
    """
    if isinstance(first, Commit) and isinstance(second, Commit):
        return _pairs_of_trees(first, second)
    if isinstance(first, Commit):
        other = _side(second)
        return (Pair("", _in_commit(first, other.experiment), other),)
    own = _side(first)
    return (Pair("", own, _in_commit(second, own.experiment) if isinstance(second, Commit) else _side(second)),)


def _pairs_of_trees(first: Commit, second: Commit) -> tuple[Pair, ...]:
    trees, labels = (read_tree(first.commit), read_tree(second.commit)), (first.label, second.label)
    declared = {*trees[0].declared_code, *trees[1].declared_code}
    one, other = (whole_side(tree, label, declared) for tree, label in zip(trees, labels, strict=True))
    found = [Pair("code and packages", one, other)]
    for name in dict.fromkeys([*trees[0].experiments, *trees[1].experiments]):
        places = {*trees[0].code_of(name), *trees[1].code_of(name)}
        sides = [experiment_side(tree, name, label, places) for tree, label in zip(trees, labels, strict=True)]
        found.append(Pair(name, *sides))
    return tuple(found)


def _in_commit(named: Commit, experiment: str | None) -> Side:
    """Give an experiment at a commit, with the commit's code and packages."""
    tree = read_tree(named.commit)
    if experiment is None or experiment not in tree.experiments:
        known = ", ".join(tree.experiments)
        raise RemintError(
            f"commit {named.label} has no experiment {experiment} in {paths.PARAMS_FILE}; it has: {known}"
        )
    return replace(experiment_side(tree, experiment, named.label), text=tree.text)


def _side(named: Named) -> Side:
    if isinstance(named, Run):
        return _run_side(named.run_id, f"run {named.run_id[:8]}")
    if isinstance(named, Commit):
        raise TypeError("a commit has an experiment of its other side alone")
    return _version_side(named)


def _version_side(version: "Version") -> Side:
    """Give a version, by its origin; one of an earlier remint by its run. Raises RemintError where it has neither."""
    from remint.registry.origin import LOCK, ORIGIN
    from remint.tracking.version_files import local_folder

    folder = local_folder(version)
    kept, texts = folder / "remint", [_files_in(folder / "code" / "remint")]
    side = Side(str(version), version.name, None, {})
    with suppress(RemintError):
        side = _run_side(version.run_id, str(version))
        texts += _texts_at(_commit_of_run(version.run_id))
    origin = _origin(version, kept)
    if origin is not None:
        lock = lock_entries((kept / ORIGIN / LOCK).read_text(encoding="utf-8"))
        side = replace(side, dataset=origin.dataset, rows=origin.rows, packages=packages_of(origin))
        side = replace(side, views={**side.views, **origin_views(origin, lock)})
        texts += _texts_at(origin.commit)
    if not side.views:
        raise RemintError(
            f"{version} has no origin, and its run {version.run_id} is gone: nothing tells how it was made"
        )
    metrics = intervals_of(_json(kept / "evaluation" / _INTERVALS), _json(kept / "evaluation" / _METRICS))
    return replace(side, metrics=metrics or side.metrics, text=_checked(side, texts))


def _origin(version: "Version", kept: Path) -> "Origin | None":
    """Give a version's origin; None of a version of an earlier remint."""
    from remint.registry.origin import FILE, ORIGIN, origin_of

    return origin_of(version) if (kept / ORIGIN / FILE).is_file() else None


def _run_side(run_id: str, label: str) -> Side:
    """Give a run; of one that an earlier remint recorded what its parameters and its dataset's digest tell."""
    from remint.proof.stored_runs import read_run, run_json

    run = read_run(run_id)
    trained = run_json(run_id, "fingerprint.json")
    views = trained_views(trained["parts"]) if trained else recorded_views(run, run_json(run_id, "environment.json"))
    metrics = {k.removeprefix(_TEST): v for k, v in run.metrics.items() if k.startswith(_TEST)}
    intervals = intervals_of(run_json(run_id, f"evaluation/{_INTERVALS}"), metrics)
    side = Side(label, run.experiment, run.dataset, views, metrics=intervals)
    return replace(side, text=_checked(side, _texts_at(run.tags.get("mlflow.source.git.commit"))))


def _checked(side: Side, texts: list[Callable[[str], bytes | None]]) -> Callable[[str], str | None]:
    """Give texts of code files, from the first place that has the file with the digest that was recorded."""
    digests = {k: v for view in ("stages", "training") for k, v in side.views.get("code", {}).get(view, {}).items()}

    def text(file: str) -> str | None:
        for read in texts:
            content = read(file)
            if content is not None and sha256(content).hexdigest() == digests.get(file):
                return content.decode(errors="replace")
        return None

    return text


def _files_in(folder: Path) -> Callable[[str], bytes | None]:
    def read(file: str) -> bytes | None:
        path = folder / PurePosixPath(file).relative_to(CODE)
        return path.read_bytes() if path.is_file() else None

    return read


def _texts_at(commit: str | None) -> list[Callable[[str], bytes | None]]:
    return [lambda file: file_at(commit, file)] if commit else []


def _commit_of_run(run_id: str) -> str | None:
    from remint.tracking.run_facts import run_facts

    return run_facts(run_id).commit


def _json(file: Path) -> Any:
    return read_json(file) if file.is_file() else None
