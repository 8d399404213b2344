from dataclasses import replace

from remint.proof.telling import findings
from tests.unit.proof.certificates import EQUIVALENT

MOVED = {"accuracy": {"registered": 0.85, "minted": 0.8501}, "ece": {"registered": 0.02, "minted": 0.05}}


def test_a_metric_beyond_the_tolerance_is_told_with_both_values_and_the_tolerance() -> None:
    certificate = replace(EQUIVALENT, verdict="different", largest=EQUIVALENT.largest | {"metrics": MOVED})
    lines = list(findings(certificate))
    assert "  accuracy: 0.85 → 0.8501" in lines
    assert "  ece: 0.02 → 0.05, beyond the tolerance of 0.01" in lines
