"""Numbers as a card shows them: every figure of a card comes out of one of these functions."""

from collections.abc import Mapping
from typing import Any

NOTHING = "–"
_EXACT = 1_000_000


def figure(value: float | None) -> str:
    """Give about four significant digits, whole numbers in full with commas; `–` of nothing."""
    if value is None:
        return NOTHING
    if isinstance(value, int) or (float(value).is_integer() and 10 <= abs(value) < _EXACT):
        text = f"{int(value):,}"
    elif value == 0 or 0.001 <= abs(value) < 10:
        text = f"{value:.4f}"
    elif 10 <= abs(value) < _EXACT:
        text = f"{value:,.2f}"
    else:
        text = f"{value:.3g}"
    return text.replace("-", "−", 1) if text.startswith("-") else text


def amount(value: float, unit: str) -> str:
    """Give three significant digits and a unit, for what no fourth digit of is stable."""
    return f"{value:,.0f} {unit}" if value >= 100 else f"{value:.3g} {unit}"


def level(value: float) -> str:
    """Give a declared number as it was declared."""
    return f"{value:g}"


def percent(share: float | None) -> str:
    """Give a share as a percentage of three significant digits."""
    return NOTHING if share is None else f"{share * 100:.3g} %"


def interval(found: Mapping[str, Any] | None) -> str:
    """Give `value [low, high]`; the value alone where the interval is not known."""
    if found is None:
        return NOTHING
    return figure(found.get("value")) + _ends(found.get("low"), found.get("high"))


def _ends(low: float | None, high: float | None) -> str:
    return "" if low is None or high is None else f" [{figure(low)}, {figure(high)}]"
