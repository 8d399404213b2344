"""The rule of verdicts: identical, equivalent or different, and what differs first."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from remint.proof.coherence import DIFFERENT, EQUIVALENT, HARDWARE, IDENTICAL, too_different, unequal
from remint.proof.inputs import Difference

EXIT_CODES = {IDENTICAL: 0, EQUIVALENT: 3, DIFFERENT: 4}
_DAMAGED = (
    "the version's own copy is not what its stages wrote: it was damaged, changed or removed after the registration"
)


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
    largest: Mapping[str, Any],
    tolerance: float,
    damaged: Sequence[str] = (),
) -> Verdict:
    """Judge what was minted from inputs that are the same.

    `environment`: what differs of the fingerprints' environments; `packages`: of the other packages that the project
    declares; `largest`: the largest differences, as a certificate has them; `damaged`: outputs whose copy in the
    version is not what was registered.
    """
    differing = unequal(outputs)
    if not differing:
        return Verdict(IDENTICAL)
    for file in damaged:
        if file in differing:
            return Verdict(DIFFERENT, _of(file, outputs[file], _DAMAGED))
    software = [difference for difference in environment if difference.name not in HARDWARE]
    hardware = [difference for difference in environment if difference.name in HARDWARE]
    if hardware and not software and not packages and not any(too_different(outputs, largest, tolerance)):
        return Verdict(EQUIVALENT, hardware[0])
    first = next(iter([*_only_packages(software), *packages, *software, *hardware]), None)
    return Verdict(DIFFERENT, first or _of(differing[0], outputs[differing[0]]))


def _only_packages(differences: Sequence[Difference]) -> list[Difference]:
    return [difference for difference in differences if difference.kind == "package"]


def _of(file: str, digests: Mapping[str, Any], detail: str = "") -> Difference:
    return Difference("stage", file, digests["registered"], digests["minted"], detail)
