"""The keys of a certificate, and what each may hold."""

import math
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, TypeAlias

from remint.proof.coherence import DIFFERENT, EQUIVALENT, IDENTICAL

Check: TypeAlias = Callable[[Any, str], str]
"Tells what is wrong with a value at a place, and where; nothing is the empty text."

STAGES = {
    "train": ("train", "evaluate"),
    "preprocess": ("preprocess", "train", "evaluate"),
    "ingest": ("ingest", "validate", "preprocess", "train", "evaluate"),
}
"First stage to the stages that are run; the latest start is first."
KINDS = ("data", "parameter", "seed", "threads", "code", "package", "environment", "stage")


def misshapen(content: Mapping[str, Any], version: int) -> str:
    """Tell what is wrong with a certificate's keys and types; nothing is the empty text."""
    found = content.get("format")
    if found != version or isinstance(found, bool):
        return f"format is {found!r}; allowed: {version}"
    return _CERTIFICATE(dict(content), "")


def is_number(value: Any) -> bool:
    """Tell whether a value of JSON is a finite number."""
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _is(right: Callable[[Any], bool], words: str) -> Check:
    return lambda value, place: "" if right(value) else f"{place} is {_short(value)}; allowed: {words}"


def _one_of(*allowed: str) -> Check:
    return _is(lambda value: isinstance(value, str) and value in allowed, ", ".join(allowed))


def _matches(form: str, words: str) -> Check:
    return _is(lambda value: isinstance(value, str) and re.fullmatch(form, value) is not None, words)


def _or_none(check: Check) -> Check:
    return lambda value, place: "" if value is None else check(value, place)


def _keys(**checks: Check) -> Check:
    """Check an object with just these keys."""

    def check(value: Any, place: str) -> str:
        if not isinstance(value, dict):
            return f"{place} is {_short(value)}; allowed: an object"
        wrong = [*(f"{key} is missing" for key in checks if key not in value)]
        wrong += [f"{key} is unknown" for key in value if key not in checks]
        if wrong:
            return f"{place}.{wrong[0]}".removeprefix(".")
        told = (checks[key](value[key], f"{place}.{key}".removeprefix(".")) for key in checks)
        return next((problem for problem in told if problem), "")

    return check


def _each(one: Check) -> Check:
    """Check every value of an object with any keys."""

    def check(value: Any, place: str) -> str:
        if not isinstance(value, dict):
            return f"{place} is {_short(value)}; allowed: an object"
        return next((problem for key, part in value.items() if (problem := one(part, f"{place}.{key}"))), "")

    return check


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}…"


def _is_time(value: Any) -> bool:
    if not isinstance(value, str) or not re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|\+00:00)", value):
        return False
    try:
        datetime.fromisoformat(value)
    except ValueError:
        return False
    return True


_text = _is(lambda value: isinstance(value, str), "text")
_name = _is(lambda value: isinstance(value, str) and bool(value), "text")
_sha256 = _matches("[0-9a-f]{64}", "a sha256, 64 hexadecimal digits")
_number = _is(is_number, "a number")
_positive = _is(lambda value: is_number(value) and value >= 0, "a number, not below 0")
_scalar = _is(lambda value: isinstance(value, str | int | float | bool | None), "text, a number, true, false or null")

_CERTIFICATE = _keys(
    format=_is(lambda value: isinstance(value, int), "a whole number"),
    model=_name,
    version=_is(lambda value: isinstance(value, int) and not isinstance(value, bool) and value >= 1, "1, 2, …"),
    run=_name,
    fingerprint=_sha256,
    commit=_matches("[0-9a-f]{40}|[0-9a-f]{64}", "the id of a commit"),
    dirty=_is(lambda value: isinstance(value, bool), "true, false"),
    **{"from": _one_of(*STAGES)},
    verdict=_one_of(IDENTICAL, EQUIVALENT, DIFFERENT),
    outputs=_each(_keys(registered=_or_none(_sha256), minted=_or_none(_sha256))),
    largest=_or_none(
        _keys(
            weights=_or_none(_positive),
            predictions=_or_none(_positive),
            metrics=_each(_keys(registered=_or_none(_number), minted=_or_none(_number))),
        )
    ),
    tolerance=_positive,
    first_difference=_or_none(
        _keys(
            kind=_one_of(*KINDS),
            name=_name,
            registered=lambda _value, _place: "",
            minted=lambda _value, _place: "",
            detail=_text,
        )
    ),
    environment=_keys(registered=_each(_scalar), minted=_each(_scalar)),
    notes=_is(lambda value: isinstance(value, list) and all(isinstance(note, str) for note in value), "a list of text"),
    when=_is(_is_time, "a time in UTC such as 2026-11-22T04:00:12Z"),
    seconds=_positive,
    remint=_name,
    digest=_sha256,
)
