import itertools

import pytest

from remint.proof.certificate import Certificate, certificate_text, check
from remint.proof.environment import environment_differences
from remint.proof.inputs import Difference
from remint.proof.verdict import judge

SAME = {"a": {"registered": "1" * 64, "minted": "1" * 64}}
OTHER = {**SAME, "weights": {"registered": "2" * 64, "minted": "3" * 64}}
NEAR, FAR = (
    {"weights": 0.1, "predictions": 0.0, "metrics": {"accuracy": {"registered": 0.8, "minted": minted}}}
    for minted in (0.801, 0.7)
)
UNKNOWN = {**NEAR, "weights": None}
OTHER_DATA = {**OTHER, "data/prepared/people/train.safetensors": {"registered": "4" * 64, "minted": "5" * 64}}
ENVIRONMENT = {"python": "3.11.7", "numpy": "2.4", "threads": 1, "instructions": "AVX512", "processor": "A"}
GREAT = Difference("package", "great-expectations", "1.24", "1.25")


def differing(**changed):
    return environment_differences(ENVIRONMENT, {**ENVIRONMENT, **changed})


def test_equal_bytes_are_identical_whatever_the_environment():
    verdict = judge(SAME, differing(numpy="2.5", threads=2), [GREAT], NEAR, 0.01)
    assert (verdict.word, verdict.first) == ("identical", None)


@pytest.mark.parametrize("changed", [{"threads": 2}, {"instructions": "AVX2"}, {"processor": "B", "threads": 2}])
def test_other_hardware_or_threads_within_the_tolerance_are_equivalent(changed):
    assert judge(OTHER, differing(**changed), [], NEAR, 0.01).word == "equivalent"
    assert judge(OTHER, differing(**changed), [], FAR, 0.01).word == "different"
    assert judge(OTHER, differing(**changed), [], FAR, 0.01).first.name in changed


@pytest.mark.parametrize(
    ("outputs", "largest"),
    [(OTHER, {**NEAR, "weights": None}), (OTHER, {**NEAR, "predictions": None}), (OTHER_DATA, NEAR)],
)
def test_near_metrics_alone_are_not_equivalent(outputs, largest):
    verdict = judge(outputs, differing(threads=2), [], largest, 0.01)
    assert (verdict.word, verdict.first.name) == ("different", "threads")


@pytest.mark.parametrize(
    ("changed", "kind", "name"),
    [
        ({"numpy": "2.5", "threads": 2}, "package", "numpy"),
        ({"python": "3.12", "instructions": "AVX2"}, "environment", "python"),
        ({"threads": 2}, "threads", "threads"),
    ],
)
def test_of_what_differs_software_is_named_before_hardware(changed, kind, name):
    first = judge(OTHER, differing(**changed), [], FAR, 0.01).first
    assert (first.kind, first.name) == (kind, name)


def test_a_package_of_the_project_that_is_in_no_fingerprint_is_named():
    verdict = judge(OTHER, differing(threads=2), [GREAT], NEAR, 0.01)
    assert (verdict.word, verdict.first) == ("different", GREAT)


def test_where_no_input_differs_the_first_output_that_does_is_named():
    verdict = judge(OTHER, [], [], NEAR, 0.01)
    assert (verdict.word, verdict.first.kind, verdict.first.name) == ("different", "stage", "weights")


def test_a_damaged_copy_in_the_registry_is_never_equivalent():
    verdict = judge(OTHER, differing(threads=2), [], NEAR, 0.01, damaged=["weights"])
    assert (verdict.word, verdict.first.name) == ("different", "weights")
    assert "damaged" in verdict.first.detail


CHANGES = [{}, {"numpy": "2.5"}, {"threads": 2}, {"instructions": "AVX2", "threads": 2}, {"python": "3.12"}]


@pytest.mark.parametrize(
    ("outputs", "changed", "packages", "largest"),
    list(itertools.product([SAME, OTHER, OTHER_DATA], CHANGES, [[], [GREAT]], [NEAR, FAR, UNKNOWN])),
)
def test_every_verdict_is_one_that_a_check_of_the_certificate_accepts(outputs, changed, packages, largest):
    same = outputs is SAME
    same_metrics = {"accuracy": {"registered": 0.8, "minted": 0.8}}
    largest = {"weights": 0.0, "predictions": 0.0, "metrics": same_metrics} if same else largest
    verdict = judge(outputs, differing(**changed), packages, largest, 0.01)
    certificate = Certificate(
        model="m",
        version=1,
        run="r",
        fingerprint="f" * 64,
        commit="c" * 40,
        dirty=False,
        start="train",
        verdict=verdict.word,
        outputs=outputs,
        largest=largest,
        tolerance=0.01,
        first_difference=verdict.first and verdict.first.content(),
        environment={"registered": ENVIRONMENT, "minted": {**ENVIRONMENT, **changed}},
        notes=[],
        when="2026-11-22T04:00:12Z",
        seconds=1.0,
        remint="0",
    )
    assert check(certificate_text(certificate)) == certificate


def test_the_instructions_are_named_before_the_variable_that_chose_them():
    changed = differing(instructions="DEFAULT", ATEN_CPU_CAPABILITY="default")
    assert judge(OTHER, changed, [], FAR, 0.01).first.name == "instructions"
