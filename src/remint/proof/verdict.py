"""The rule of verdicts: identical, equivalent or different, and what differs first."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from remint.proof.coherence import within
from remint.proof.environment import EQUIVALENT
from remint.proof.inputs import Difference

IDENTICAL, EQUIVALENT_TO, DIFFERENT = "identical", "equivalent", "different"
EXIT_CODES = {IDENTICAL: 0, EQUIVALENT_TO: 3, DIFFERENT: 4}
_DAMAGED = "the version's own copy is not what its stages wrote: it was damaged or changed after the registration"


@dataclass(frozen=True)
class Verdict:
    """What a verification found."""

    word: str
    first: Difference | None = None
    "What differs first; None for identical."


def judge(
    outputs: Mapping[str, Mapping[str, str | None]],
    environment: Sequence[Difference],
    packages: Sequence[Difference],
    metrics: Mapping[str, Mapping[str, float | None]],
    tolerance: float,
    damaged: Sequence[str] = (),
) -> Verdict:
    """Judge what was minted from inputs that are the same.

    `environment`: what differs of the fingerprints' environments; `packages`: of the other packages that the project
    declares; `damaged`: outputs whose copy in the version is not what was registered.
    """
    unequal = [file for file, digests in outputs.items() if digests["registered"] != digests["minted"]]
    if not unequal:
        return Verdict(IDENTICAL)
    for file in damaged:
        if file in unequal:
            return Verdict(DIFFERENT, _of(file, outputs[file], _DAMAGED))
    software = [difference for difference in environment if difference.name not in EQUIVALENT]
    hardware = [difference for difference in environment if difference.name in EQUIVALENT]
    if hardware and not software and not packages and within(metrics, tolerance):
        return Verdict(EQUIVALENT_TO, hardware[0])
    first = next(iter([*_only_packages(software), *packages, *software, *hardware]), None)
    return Verdict(DIFFERENT, first or _of(unequal[0], outputs[unequal[0]]))


def _only_packages(differences: Sequence[Difference]) -> list[Difference]:
    return [difference for difference in differences if difference.kind == "package"]


def _of(file: str, digests: Mapping[str, Any], detail: str = "") -> Difference:
    return Difference("stage", file, digests["registered"], digests["minted"], detail)
