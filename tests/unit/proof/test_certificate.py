import copy
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from hashlib import sha256
from typing import Any

import pytest

from remint.errors import DataError
from remint.files import json_text
from remint.proof.certificate import Certificate, certificate_text, check
from remint.proof.coherence import metric_difference
from tests.unit.proof.certificates import (
    ALL,
    DECIDED,
    ENVIRONMENT,
    EQUIVALENT,
    IDENTICAL,
    METRICS,
    OTHER_STAGE,
    WEIGHTS,
    A,
    B,
    C,
    difference,
)

VALUES = (None, True, 0, -1, 1.5, "", "x", "b" * 64, [], {}, ["x"], {"x": "y"})


@pytest.mark.parametrize("certificate", ALL.values(), ids=ALL)
def test_a_certificate_is_read_as_it_was_written(certificate: Certificate) -> None:
    text = certificate_text(certificate)
    assert check(text) == certificate
    assert text == json_text(json.loads(text))


@pytest.mark.parametrize("certificate", ALL.values(), ids=ALL)
def test_any_field_altered_removed_or_added_is_found(certificate: Certificate) -> None:
    content = json.loads(certificate_text(certificate))
    tried = 0
    for path, value in _places(content):
        for other in _others(value):
            changed = copy.deepcopy(content)
            _at(changed, path[:-1])[path[-1]] = other
            _is_refused(json_text(changed))
            tried += 1
        removed = copy.deepcopy(content)
        del _at(removed, path[:-1])[path[-1]]
        _is_refused(json_text(removed))
        if isinstance(value, dict):
            added = copy.deepcopy(content)
            _at(added, path)["more"] = {"registered": A, "minted": A}
            _is_refused(json_text(added))
    assert tried > 300
    _is_refused(json_text(content | {"more": 1}))


@pytest.mark.parametrize("position", range(0, len(certificate_text(DECIDED)), 7))
def test_any_byte_altered_is_found(position: int) -> None:
    text = certificate_text(DECIDED)
    for other in (" ", "0", "a", "\n"):
        if text[position] != other:
            _is_refused(text[:position] + other + text[position + 1 :])
            _is_refused(text[:position] + other + text[position:])


@pytest.mark.parametrize(
    ("certificate", "told"),
    [
        (replace(IDENTICAL, outputs=DECIDED.outputs), f"the verdict is identical, but {WEIGHTS} differs"),
        (replace(IDENTICAL, outputs={}), "no output was compared"),
        (replace(IDENTICAL, outputs={WEIGHTS: {"registered": None, "minted": None}}), "on neither side"),
        (replace(IDENTICAL, first_difference=DECIDED.first_difference), "first_difference names src/remint"),
        (replace(IDENTICAL, largest=EQUIVALENT.largest), "weights differ by 1e-07"),
        (replace(EQUIVALENT, outputs=IDENTICAL.outputs), "every output is equal"),
        (replace(EQUIVALENT, tolerance=0.00005), "metric accuracy differs by more than the tolerance 5e-05"),
        (replace(EQUIVALENT, largest=None), "no metric was compared"),
        (replace(EQUIVALENT, largest=EQUIVALENT.largest | {"weights": None}), "weights were not compared"),
        (
            replace(EQUIVALENT, outputs={**EQUIVALENT.outputs, "data/prepared/x": {"registered": A, "minted": B}}),
            "data/prepared/x differs",
        ),
        (replace(EQUIVALENT, first_difference=None), "neither hardware nor threads"),
        (replace(EQUIVALENT, first_difference=DECIDED.first_difference), "code src/remint/models/mlp.py differs"),
        (
            replace(EQUIVALENT, environment={"registered": ENVIRONMENT, "minted": ENVIRONMENT | {"torch": "2"}}),
            "torch differs, which is neither",
        ),
        (replace(EQUIVALENT, first_difference=difference("threads", "threads", 1, 1)), "the same on both sides"),
        (replace(EQUIVALENT, first_difference=difference("threads", "threads", 1, 4)), "environment has another"),
        (replace(EQUIVALENT, verdict="different"), "which is equivalent"),
        (replace(DECIDED, first_difference=None), "first_difference names nothing"),
        (replace(DECIDED, first_difference=difference("data", "x", A, A)), "data x is the same on both sides"),
        (replace(OTHER_STAGE, outputs=IDENTICAL.outputs), "every output is equal"),
        (
            replace(
                OTHER_STAGE,
                outputs=OTHER_STAGE.outputs | {METRICS: {"registered": B, "minted": B}},
                first_difference=difference("stage", METRICS, A, C),
            ),
            f"first_difference names {METRICS}",
        ),
        (replace(IDENTICAL, verdict="same"), "verdict is 'same'; allowed: identical, equivalent, different"),
        (replace(IDENTICAL, when="yesterday"), "when is 'yesterday'; allowed: a time in UTC"),
        (replace(IDENTICAL, when="2026-02-31T04:00:12Z"), "allowed: a time in UTC"),
        (replace(IDENTICAL, version=True), "version is True"),
        (replace(IDENTICAL, commit="HEAD"), "commit is 'HEAD'; allowed: the id of a commit"),
        (replace(IDENTICAL, outputs={WEIGHTS: {"registered": A}}), f"outputs.{WEIGHTS}.minted is missing"),
    ],
)
def test_a_digest_computed_again_does_not_hide_what_contradicts_itself(certificate: Certificate, told: str) -> None:
    with pytest.raises(DataError, match=re.escape(told)):
        check(certificate_text(certificate))


def test_one_number_of_two_types_is_a_difference() -> None:
    certificate = replace(DECIDED, first_difference=difference("seed", "experiments.a.seed", 1, 1.0))
    assert check(certificate_text(certificate)) == certificate


def test_what_is_altered_and_coherent_is_told_by_its_digest() -> None:
    content = json.loads(certificate_text(IDENTICAL))
    content["model"] = "mnist-cnn"
    with pytest.raises(DataError, match="it was altered: its digest is"):
        check(json_text(content))
    content["digest"] = sha256(b"").hexdigest()
    with pytest.raises(DataError, match="it was altered"):
        check(json_text(content))


def test_another_format_is_refused() -> None:
    text = certificate_text(IDENTICAL).replace('"format": 1', '"format": 2')
    with pytest.raises(DataError, match="format is 2; allowed: 1"):
        check(text)


@pytest.mark.parametrize(
    "text", ["", "x", "[]", "1", '{"format": NaN}', "[" * 100_000, '{"format": 1, "version": 1e999}']
)
def test_what_is_no_certificate_is_told_in_one_message(text: str) -> None:
    _is_refused(text)


def test_shares_are_compared_as_they_are_and_all_else_relatively() -> None:
    assert metric_difference("rmse", 0.0, 0.0) == metric_difference("ece", 0.0, 0.0) == 0
    assert metric_difference("rmse", 100.0, 99.0) == metric_difference("rmse", 99.0, 100.0) == pytest.approx(0.01)
    assert metric_difference("log_loss", -1.0, 1.0) == 2
    assert metric_difference("ece", 0.01705, 0.01745) == pytest.approx(0.0004)
    assert metric_difference("accuracy", 0.5, 0.25) == 0.25


def test_a_small_calibration_error_that_moves_by_little_is_equivalent() -> None:
    moved = {"ece": {"registered": 0.01705, "minted": 0.01745}}
    certificate = replace(EQUIVALENT, largest=EQUIVALENT.largest | {"metrics": moved})
    assert check(certificate_text(certificate)) == certificate
    _is_refused(certificate_text(replace(certificate, verdict="different")))


@pytest.mark.parametrize("value", ["1e999", '"\\ud800"', "1" * 5000])
def test_values_that_no_digest_can_be_made_of_are_told(value: str) -> None:
    text = certificate_text(replace(DECIDED, first_difference=difference("code", "x", A, 12345)))
    with pytest.raises(DataError, match="it is no JSON"):
        check(text.replace("12345", value))


def _places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[tuple[Any, ...], Any]]:
    """Give every value below, with the way to it."""
    entries = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, part in entries:
        yield (*path, key), part
        yield from _places(part, (*path, key))


def _others(value: Any) -> list[Any]:
    changed = [float(value)] if isinstance(value, int) and not isinstance(value, bool) else []
    changed += [value + "x", value[:-1]] if isinstance(value, str) and value else []
    return [other for other in (*VALUES, *changed) if repr(other) != repr(value)]


def _at(content: Any, path: tuple[Any, ...]) -> Any:
    for key in path:
        content = content[key]
    return content


def _is_refused(text: str) -> None:
    with pytest.raises(DataError):
        check(text)
