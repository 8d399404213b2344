"""Numbers, shares, intervals and lists as people read them."""

from collections.abc import Sequence
from typing import Any


def number(value: float) -> str:
    """Give a number's shortest exact text; a whole float without its point."""
    return str(int(value)) if float(value).is_integer() else repr(float(value))


def percent(share: float) -> str:
    """Give a declared share as a percentage, exactly."""
    return f"{share * 100:.10g} %"


def roughly(share: float) -> str:
    """Give a measured share as a percentage of three significant digits; one below 1 never reads as 100 %."""
    text = f"{share * 100:.3g}"
    return "< 100 %" if text == "100" and share < 1 else f"{text} %"


def interval(low: str | None, high: str | None) -> str:
    """Tell a closed interval: `between 0 and 120`, `at least 1`, `exactly 5`; `any` where both ends are open."""
    if low is None and high is None:
        return "any"
    if high is None:
        return f"at least {low}"
    if low is None:
        return f"at most {high}"
    return f"exactly {low}" if low == high else f"between {low} and {high}"


def numbers(low: float | None, high: float | None) -> str:
    """Tell a closed interval of numbers."""
    return interval(*(None if end is None else number(end) for end in (low, high)))


def shares(low: float | None, high: float | None) -> str:
    """Tell a closed interval of shares."""
    return interval(*(None if end is None else percent(end) for end in (low, high)))


def counted(count: str, noun: str) -> str:
    """`1 row`, `at least 2 rows`."""
    return f"{count} {noun}" if count.split()[-1] == "1" else f"{count} {noun}s"


def rarely(noun: str, one: str, many: str, tolerance: float) -> str:
    """`no row repeats …` where nothing is tolerated, else `at most 1 % of rows repeat …`."""
    return f"at most {percent(tolerance)} of {noun}s {many}" if tolerance else f"no {noun} {one}"


def at_most(tolerance: float) -> str:
    """Tell the share that is tolerated."""
    return f"at most {percent(tolerance)}" if tolerance else "none"


def listing(items: Sequence[str], most: int = 8) -> str:
    """Join texts by commas; of more than `most`, give the first and how many there are."""
    if len(items) <= most:
        return ", ".join(items)
    return f"{', '.join(items[:most])}, … ({len(items)} in all)"


def cut(text: str, length: int) -> str:
    """Cut a text to a length, marking the cut."""
    return text if len(text) <= length else text[: length - 1] + "…"


def significant(value: float) -> float:
    """Round to nine significant digits, so that the last bits of a sum do not show."""
    return float(f"{value:.9g}")


def value(found: Any) -> str:
    """Show a JSON value: a text in quotes, a missing value as `missing`, several as `name value, name value`."""
    if found is None:
        return "missing"
    if isinstance(found, str) and found not in ("inf", "-inf"):
        return f'"{cut(found, 60)}"'
    if isinstance(found, dict):
        return ", ".join(f"{name} {value(part)}" for name, part in found.items())
    if isinstance(found, list):
        return ", ".join(map(str, found))
    return str(found).lower() if isinstance(found, bool) else str(found)
