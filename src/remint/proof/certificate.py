"""Certificates of `remint verify`: canonical JSON that tells by itself when it was altered.

Only the standard library is used, so that a certificate can be checked wherever Python is, and at once.
"""

import json
from dataclasses import dataclass, fields
from hashlib import sha256
from typing import Any, NoReturn

from remint.errors import DataError
from remint.files import json_text
from remint.proof.coherence import incoherence
from remint.proof.shape import misshapen

FORMAT = 1
_WORDS = {"start": "from"}
"Names of fields that are other words in JSON, as Python keeps those for itself."


@dataclass(frozen=True)
class Certificate:
    """What `remint verify` found about a version."""

    model: str
    version: int
    run: str
    "Id of the MLflow run that trained it."
    fingerprint: str
    commit: str
    dirty: bool
    "Whether uncommitted changes were applied to the commit."
    start: str
    "First stage that was run: `train`, `preprocess` or `ingest`; in JSON `from`."
    verdict: str
    "`identical`, `equivalent` or `different`."
    outputs: dict[str, dict[str, str | None]]
    'File to {"registered": sha256, "minted": sha256}; None for one that is not there.'
    largest: dict[str, Any] | None
    """The largest differences: {"weights", "predictions": number or None, "metrics": {name: {"registered", "minted"}}};
    None where nothing was run."""
    tolerance: float
    "Largest `metric_difference` of a metric that still counts as equivalent."
    first_difference: dict[str, Any] | None
    '{"kind", "name", "registered", "minted", "detail"}.'
    environment: dict[str, dict[str, Any]]
    '{"registered": {name: value}, "minted": {name: value}}.'
    notes: list[str]
    when: str
    "End of the verification: UTC, ISO 8601, to the second, such as `2026-11-22T04:00:12Z`."
    seconds: float
    remint: str
    "Version of remint that verified."


def certificate_text(certificate: Certificate) -> str:
    """Give a certificate as canonical JSON, with the digest of all else in it."""
    content: dict[str, Any] = {"format": FORMAT}
    content |= {_word(field.name): getattr(certificate, field.name) for field in fields(Certificate)}
    return json_text(content | {"digest": _digest(content)})


def check(text: str) -> Certificate:
    """Read a certificate. Raises DataError that names what is no certificate's, incoherent or altered.

    A digest alone could be computed again by who alters a field, so the fields are held against each other as well:
    the verdict must follow from the outputs, the differences and the tolerance.
    """
    content = _parsed(text)
    problem = misshapen(content, FORMAT) or incoherence(content)
    if problem:
        _refuse(problem)
    stated = content.pop("digest")
    if stated != _digest(content):
        _refuse(f"it was altered: its digest is {stated}, but what it says has {_digest(content)}")
    certificate = Certificate(**{field.name: content[_word(field.name)] for field in fields(Certificate)})
    if text != certificate_text(certificate):
        _refuse("it was altered: it holds the same values, but is not written as `remint verify` writes it")
    return certificate


def _parsed(text: str) -> dict[str, Any]:
    try:
        content = json.loads(text, parse_constant=_no_number)
        json_text(content).encode()  # refuses what no digest can be made of: 1e999, half a surrogate pair
    except (ValueError, RecursionError) as error:
        raise DataError(f"no certificate: it is no JSON ({error})") from None
    if not isinstance(content, dict):
        _refuse("it is JSON, but no object")
    return dict(content)


def _no_number(text: str) -> NoReturn:
    raise ValueError(f"{text} is no number")


def _refuse(problem: str) -> NoReturn:
    raise DataError(f"no valid certificate: {problem}")


def _word(field: str) -> str:
    return _WORDS.get(field, field)


def _digest(content: dict[str, Any]) -> str:
    return sha256(json_text(content).encode()).hexdigest()
