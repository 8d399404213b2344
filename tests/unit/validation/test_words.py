"""Numbers as people read them."""

import pytest

from remint.validation import words


@pytest.mark.parametrize(
    ("low", "high", "text"),
    [(0, 120.0, "between 0 and 120"), (0.5, None, "at least 0.5"), (None, 3, "at most 3"), (5, 5, "exactly 5"),
     (None, None, "any")],
)  # fmt: skip
def test_interval(low: float | None, high: float | None, text: str) -> None:
    assert words.numbers(low, high) == text


def test_shares() -> None:
    assert [words.percent(share) for share in (0.07, 0.1234, 1.0)] == ["7 %", "12.34 %", "100 %"]
    assert [words.roughly(share) for share in (0.99999, 1.0, 0.0000661)] == ["< 100 %", "100 %", "0.00661 %"]


def test_values() -> None:
    assert [words.value(v) for v in (None, "a", "inf", 3, True, {"file": "a.png", "row": 1}, ["a", "b"])] == [
        "missing", '"a"', "inf", "3", "true", 'file "a.png", row 1', "a, b",
    ]  # fmt: skip


def test_counted() -> None:
    assert [words.counted(text, "row") for text in ("1", "at least 1", "exactly 11")] == [
        "1 row",
        "at least 1 row",
        "exactly 11 rows",
    ]
