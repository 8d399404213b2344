"""Whether a certificate's verdict follows from what it lists."""

from collections.abc import Iterator, Mapping
from typing import Any

from remint import provenance

DECIDED = ("data", "parameter", "seed", "code")
"Kinds of difference that end a verification before anything is run."
HARDWARE = frozenset({*provenance.HARDWARE, *provenance.SETTINGS, "threads"})
"Parts of an environment that may differ where a model counts as equivalent: other kernels, another order of sums."


def relative_difference(registered: float, minted: float) -> float:
    """Give |a − b| / max(|a|, |b|), between 0 and 2; 0 for equal numbers."""
    if registered == minted:
        return 0.0
    return abs(registered - minted) / max(abs(registered), abs(minted))


def within(metrics: Mapping[str, Mapping[str, float | None]], tolerance: float) -> bool:
    """Tell whether every metric ({"registered", "minted"}) is known on both sides or neither, and near enough."""
    return not any(_too_far(metric, tolerance) for metric in metrics.values())


def incoherence(content: Mapping[str, Any]) -> str:
    """Tell what of a well-shaped certificate contradicts its verdict; nothing is the empty text."""
    problems = _PROBLEMS[content["verdict"]](content)
    told = (f"the verdict is {content['verdict']}, but {problem}" for problem in problems)
    return next(told, next(_contradictions(content), ""))


def _identical(content: Mapping[str, Any]) -> Iterator[str]:
    if not content["outputs"]:
        yield "no output was compared"
    for file in _unequal(content):
        yield f"{file} differs"
    for file, digests in content["outputs"].items():
        if digests["registered"] is None:
            yield f"{file} is on neither side"
    if content["first_difference"] is not None:
        yield f"first_difference names {content['first_difference']['name']}"
    largest = content["largest"] or {"weights": None, "predictions": None, "metrics": {}}
    for what in ("weights", "predictions"):
        if largest[what]:
            yield f"{what} differ by {largest[what]}"
    for name, metric in largest["metrics"].items():
        if metric["registered"] != metric["minted"]:
            yield f"metric {name} differs"


def _equivalent(content: Mapping[str, Any]) -> Iterator[str]:
    first, largest = content["first_difference"], content["largest"]
    if not _unequal(content):
        yield "every output is equal, which is identical"
    if first is None:
        yield "neither hardware nor threads differ"
    elif not _is_hardware(first):
        yield f"{first['kind']} {first['name']} differs, which is neither hardware nor threads"
    for name in sorted(_environment_differences(content) - HARDWARE):
        yield f"{name} differs, which is neither hardware nor threads"
    if largest is None or not largest["metrics"]:
        yield "no metric was compared"
        return
    for name, metric in largest["metrics"].items():
        if _too_far(metric, content["tolerance"]):
            yield f"metric {name} differs by more than the tolerance {content['tolerance']}"


def _different(content: Mapping[str, Any]) -> Iterator[str]:
    first, largest = content["first_difference"], content["largest"]
    if first is None:
        yield "first_difference names nothing"
        return
    if first["kind"] in DECIDED:
        if first["registered"] == first["minted"] and not first["detail"]:
            yield f"{first['kind']} {first['name']} is the same on both sides"
        return
    if not _unequal(content):
        yield "every output is equal"
    near = largest is not None and bool(largest["metrics"]) and within(largest["metrics"], content["tolerance"])
    if near and _is_hardware(first) and _environment_differences(content) <= HARDWARE:
        yield "hardware or threads alone differ and every metric is within the tolerance, which is equivalent"


_PROBLEMS = {"identical": _identical, "equivalent": _equivalent, "different": _different}


def _contradictions(content: Mapping[str, Any]) -> Iterator[str]:
    """Tell where the first difference contradicts the list that it is taken from."""
    first = content["first_difference"]
    if first is None:
        return
    if first["kind"] in ("threads", "environment", "package"):
        if first["registered"] == first["minted"]:
            yield f"first_difference: {first['name']} is the same on both sides"
        for side in ("registered", "minted"):
            listed = content["environment"][side]
            if first["name"] in listed and listed[first["name"]] != first[side]:
                yield f"first_difference: {side} {first['name']} is {first[side]}, but environment has another"
    listed = content["outputs"].get(first["name"])
    if first["kind"] == "stage" and listed is not None and listed["registered"] == listed["minted"]:
        yield f"first_difference names {first['name']}, which is the same on both sides"


def _unequal(content: Mapping[str, Any]) -> list[str]:
    return [file for file, digests in content["outputs"].items() if digests["registered"] != digests["minted"]]


def _environment_differences(content: Mapping[str, Any]) -> set[str]:
    registered, minted = content["environment"]["registered"], content["environment"]["minted"]
    return {name for name in registered.keys() | minted.keys() if registered.get(name) != minted.get(name)}


def _is_hardware(first: Mapping[str, Any]) -> bool:
    return first["kind"] == "threads" or (first["kind"] == "environment" and first["name"] in HARDWARE)


def _too_far(metric: Mapping[str, float | None], tolerance: float) -> bool:
    registered, minted = metric["registered"], metric["minted"]
    if registered is None or minted is None:
        return registered is not minted
    return relative_difference(registered, minted) > tolerance
