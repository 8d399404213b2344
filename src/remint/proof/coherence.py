"""Whether a certificate's verdict follows from what it lists."""

from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath
from typing import Any

from remint import paths, provenance
from remint.config.metrics import BOUNDED
from remint.files import json_text

IDENTICAL, EQUIVALENT, DIFFERENT = "identical", "equivalent", "different"
"The verdicts."
DECIDED = ("data", "parameter", "seed", "code")
"Kinds of difference that end a verification before anything is run."
HARDWARE = frozenset({*provenance.HARDWARE, *provenance.SETTINGS, "threads"})
"Parts of an environment that may differ where a model counts as equivalent: other kernels, another order of sums."
_DATA = (paths.DATA / "raw", paths.report("validate", ""), paths.DATA / "prepared")
"Where the stages before the training write, which must be equal: what is trained on decides what is trained."


def metric_difference(name: str, registered: float, minted: float) -> float:
    """Give what a metric's values differ by: |a − b| of one in `BOUNDED`, else |a − b| / max(|a|, |b|), at most 2."""
    if registered == minted:
        return 0.0
    scale = 1.0 if name in BOUNDED else max(abs(registered), abs(minted))
    return abs(registered - minted) / scale


def too_far(name: str, metric: Mapping[str, float | None], tolerance: float) -> bool:
    """Tell whether a metric differs by more than a tolerance, or is known on one side alone."""
    registered, minted = metric["registered"], metric["minted"]
    if registered is None or minted is None:
        return registered is not minted
    return metric_difference(name, registered, minted) > tolerance


def too_different(
    outputs: Mapping[str, Mapping[str, str | None]], largest: Mapping[str, Any] | None, tolerance: float
) -> Iterator[str]:
    """Tell what keeps outputs of other hardware or threads from being equivalent, as a certificate lists them."""
    for file in unequal(outputs):
        if any(PurePosixPath(file).is_relative_to(place) for place in _DATA):
            yield f"{file} differs, which is what the training reads or comes from"
    if largest is None or not largest["metrics"]:
        yield "no metric was compared"
        return
    for what in ("weights", "predictions"):
        if largest[what] is None:
            yield f"{what} were not compared, or are not numbers"
    for name, metric in largest["metrics"].items():
        if too_far(name, metric, tolerance):
            yield f"metric {name} differs by more than the tolerance {tolerance}"


def incoherence(content: Mapping[str, Any]) -> str:
    """Tell what of a well-shaped certificate contradicts its verdict; nothing is the empty text."""
    problems = _PROBLEMS[content["verdict"]](content)
    told = (f"the verdict is {content['verdict']}, but {problem}" for problem in problems)
    return next(told, next(_contradictions(content), ""))


def _identical(content: Mapping[str, Any]) -> Iterator[str]:
    if not content["outputs"]:
        yield "no output was compared"
    for file in unequal(content["outputs"]):
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
    if not unequal(content["outputs"]):
        yield "every output is equal, which is identical"
    if first is None:
        yield "neither hardware nor threads differ"
    elif not _is_hardware(first):
        yield f"{first['kind']} {first['name']} differs, which is neither hardware nor threads"
    for name in sorted(_environment_differences(content) - HARDWARE):
        yield f"{name} differs, which is neither hardware nor threads"
    yield from too_different(content["outputs"], largest, content["tolerance"])


def _different(content: Mapping[str, Any]) -> Iterator[str]:
    first, largest = content["first_difference"], content["largest"]
    if first is None:
        yield "first_difference names nothing"
        return
    if first["kind"] in DECIDED:
        if _same(first) and not first["detail"]:
            yield f"{first['kind']} {first['name']} is the same on both sides"
        return
    if not unequal(content["outputs"]):
        yield "every output is equal"
    near = not any(too_different(content["outputs"], largest, content["tolerance"]))
    if near and _is_hardware(first) and _environment_differences(content) <= HARDWARE:
        yield "hardware or threads alone differ and all is within the tolerance, which is equivalent"


_PROBLEMS = {IDENTICAL: _identical, EQUIVALENT: _equivalent, DIFFERENT: _different}


def _contradictions(content: Mapping[str, Any]) -> Iterator[str]:
    """Tell where the first difference contradicts the list that it is taken from."""
    first = content["first_difference"]
    if first is None:
        return
    if first["kind"] in ("threads", "environment", "package"):
        if _same(first):
            yield f"first_difference: {first['name']} is the same on both sides"
        for side in ("registered", "minted"):
            listed = content["environment"][side]
            if first["name"] in listed and listed[first["name"]] != first[side]:
                yield f"first_difference: {side} {first['name']} is {first[side]}, but environment has another"
    listed = content["outputs"].get(first["name"])
    if first["kind"] == "stage" and listed is not None and listed["registered"] == listed["minted"]:
        yield f"first_difference names {first['name']}, which is the same on both sides"


def _same(first: Mapping[str, Any]) -> bool:
    """Tell whether both sides are one value of one type: 1 and 1.0 are different declarations."""
    return json_text(first["registered"]) == json_text(first["minted"])


def unequal(outputs: Mapping[str, Mapping[str, str | None]]) -> list[str]:
    """Name the outputs that are not the same on both sides."""
    return [file for file, digests in outputs.items() if digests["registered"] != digests["minted"]]


def _environment_differences(content: Mapping[str, Any]) -> set[str]:
    registered, minted = content["environment"]["registered"], content["environment"]["minted"]
    return {name for name in registered.keys() | minted.keys() if registered.get(name) != minted.get(name)}


def _is_hardware(first: Mapping[str, Any]) -> bool:
    return first["kind"] == "threads" or (first["kind"] == "environment" and first["name"] in HARDWARE)
