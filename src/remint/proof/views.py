"""What is known of a training as views of it: part to view to name to text (see `side.VIEWS`)."""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from remint.proof.commits import CODE
from remint.proof.moved import Interval
from remint.registry.locked_stages import LockedStage
from remint.tracking.records import dataset_digest
from remint.tracking.values import flat

if TYPE_CHECKING:
    from remint.proof.stored_runs import StoredRun
    from remint.registry.origin import Origin

_APART = ("seed", "trainer.threads")
"Parameters that are parts of their own: the seed, and the threads, which are part of the environment."


def trained_views(parts: Mapping[str, Any]) -> dict[str, Any]:
    """Give the parts of a fingerprint as text by name."""
    from remint.provenance import section_of

    values = flat(section_of(parts) if "seed" in parts else parts["parameters"])
    environment = {name: str(value) for name, value in parts["environment"].items()}
    return {
        "data": {"prepared": dict(parts["data"]), "digest": {"data": dataset_digest(parts["data"])}},
        **parameter_views(values, "trained"),
        "code": {"training": {f"{CODE}/{path}": digest for path, digest in parts["code"].items()}},
        "environment": _environment_views(environment, values),
    }


def recorded_views(run: "StoredRun", environment: Any) -> dict[str, Any]:
    """Give what a run of an earlier remint tells, which kept no fingerprint; `environment` is its environment.json."""
    values = {"dataset": run.dataset, **run.parameters}
    views: dict[str, Any] = {
        **parameter_views(values, "trained"),
        "code": {},
    }
    if run.digest:
        views["data"] = {"digest": {"data": run.digest}}
    if isinstance(environment, dict):
        views["environment"] = _environment_views({k: str(v) for k, v in environment.items()}, values)
    return views


def origin_views(origin: "Origin", lock: Mapping[str, LockedStage]) -> dict[str, Any]:
    """Give what a version's origin and its entries of `dvc.lock` tell."""
    trained = trained_views(origin.fingerprint["parts"])
    stages = {stage.kind: stage for stage in origin.stages}
    data = {**stages["ingest"].inputs, **stages["ingest"].outputs, **stages["preprocess"].outputs}
    values = _declared(origin.stages, origin.experiment, origin.dataset)
    return trained | {
        "data": trained["data"] | {"files": data, "locked": locked_data(lock.values())},
        "parameters": parameter_views(values["experiments"], "declared")["parameters"] | trained["parameters"],
        "dataset's declaration": {"declared": values["datasets"]},
        "code": trained["code"] | {"stages": {k: v for stage in origin.stages for k, v in stage.code.items()}},
    }


def parameter_views(values: Mapping[str, str], view: str) -> dict[str, Any]:
    """Give an experiment's parameters, and its seed apart."""
    without = {name: value for name, value in values.items() if name not in _APART}
    seed = {"seed": values["seed"]} if "seed" in values else {}
    return {"parameters": {view: without, "set": without}, "seed": {"seed": seed}}


def pinned_views(pins: Mapping[str, str], values: Mapping[str, str]) -> dict[str, dict[str, str]]:
    """Give the environment as pinned packages and parameters tell it."""
    threads = _threads(values)
    return ({"pinned": {**pins, **threads}} if pins else {}) | ({"threads": threads} if threads else {})


def locked_data(stages: Iterable[LockedStage]) -> dict[str, str]:
    """Give DVC's digests (MD5) of the data that stages before the training wrote, and of sources it declares."""
    found: dict[str, str] = {}
    for stage in stages:
        found |= stage.source_digests
        if stage.address.startswith(("ingest@", "preprocess@")):
            found |= {out["path"]: out["md5"] for out in stage.entry["outs"] if "md5" in out}
    return found


def intervals_of(intervals: Any, metrics: Any) -> dict[str, Interval]:
    """Read `intervals.json`; of metrics that have none, the value alone."""
    known = intervals.get("metrics", {}) if isinstance(intervals, dict) else {}
    found = {k: Interval(v["value"], v["low"], v["high"]) for k, v in known.items() if v.get("value") is not None}
    values = metrics if isinstance(metrics, dict) else {}
    return {k: Interval(v) for k, v in values.items() if isinstance(v, int | float)} | found


def _declared(stages: Iterable[Any], experiment: str, dataset: str) -> dict[str, dict[str, str]]:
    """Give what stages were handed of the two files, by key below the experiment and the dataset."""
    found: dict[str, dict[str, str]] = {"experiments": {}, "datasets": {}}
    for stage in stages:
        for values in stage.parameters.values():
            for key, value in values.items():
                top, name, *rest = key.split(".", 2)
                if top in found and name in (experiment, dataset) and rest:
                    found[top] |= flat({rest[0]: value})
    return found


def _environment_views(found: Mapping[str, str], values: Mapping[str, str]) -> dict[str, dict[str, str]]:
    """Give the environment that a training had."""
    threads = _threads(values)
    return {"trained": {**found, **threads}, "pinned": {**found, **threads}, "threads": threads}


def _threads(values: Mapping[str, str]) -> dict[str, str]:
    """Give the number of threads as a part of the environment; nothing where it is not set."""
    return {"threads": values["trainer.threads"]} if "trainer.threads" in values else {}
