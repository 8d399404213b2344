"""What is said of a difference to the champion."""

import numpy as np
import pytest

from remint.config.gates import GateConfig
from remint.registry.against_champion import better_than_champion
from remint.registry.comparison import Comparison
from remint.registry.evidence import Evidence
from remint.registry.predictions import Predictions


def _predictions(right: int, rows: int = 1000, moments: np.ndarray | None = None) -> Predictions:
    """Give predictions of which the first `right` are right."""
    sure = np.where(np.arange(rows) < right, 0.9, 0.1)
    probabilities = np.column_stack([1 - sure, sure])
    target = np.ones(rows, dtype=np.int64)
    return Predictions("classification", np.arange(rows), target, {"probabilities": probabilities}, ("a", "b"), moments)


class _Known(Evidence):
    """Evidence that is not read from files."""

    metrics = {"accuracy": 0.5}


def _said(own: int, theirs: int, margin: float | None = None) -> tuple[bool, str]:
    gate = GateConfig(metric="accuracy", better_than="champion", margin=margin)
    comparison = Comparison(_predictions(own), _predictions(theirs), 300, 1, lambda: ())
    found = better_than_champion(gate, _Known.__new__(_Known), lambda: comparison)
    return found.passed, found.sentence.partition(":")[0]


@pytest.mark.parametrize(
    ("own", "theirs", "margin", "passed", "said"),
    [
        (900, 800, None, True, "accuracy 0.9000 is better than the champion's 0.8000"),
        (801, 800, None, False, "accuracy 0.8010 is not better than the champion's 0.8000 beyond noise"),
        (700, 800, None, False, "accuracy 0.7000 is worse than the champion's 0.8000"),
        (798, 800, 0.05, True, "accuracy 0.7980 is not worse than the champion's 0.8000 by 0.05 or more"),
        (790, 800, 0.01, False, "accuracy 0.7900 is perhaps worse than the champion's 0.8000 by 0.01 or more"),
        (700, 800, 0.01, False, "accuracy 0.7000 is worse than the champion's 0.8000 by 0.01 or more"),
    ],
)
def test_a_difference_is_told_as_what_it_is(own: int, theirs: int, margin: float | None, passed: bool, said: str):
    assert _said(own, theirs, margin) == (passed, said)


def test_rows_of_one_moment_are_drawn_together():
    """A thousand rows of ten moments tell less of a difference than a thousand rows that stand alone."""
    moments = np.arange(1000) // 100
    widths = []
    for known in (None, moments):
        own, theirs = (_predictions(right, moments=known) for right in (900, 800))
        found = Comparison(own, theirs, 300, 1, lambda: ()).difference("accuracy")
        assert found is not None
        widths.append(found[2] - found[1])
    assert widths[1] > 3 * widths[0]
