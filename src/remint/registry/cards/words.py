"""Words that several sections share."""

from collections.abc import Iterable, Mapping
from typing import Any

from remint.config.metrics import HIGHER_IS_BETTER, METRICS, Task
from remint.evaluation.slice_values import slice_title
from remint.registry.cards.blocks import Block, Plots, Section, Text


def arrow(metric: str) -> str:
    """Tell which way is better."""
    better = HIGHER_IS_BETTER.get(metric)
    return "" if better is None else " ↑" if better else " ↓"


def ordered(task: Task, primary: str, names: Iterable[str]) -> tuple[str, ...]:
    """Sort names of metrics: the primary one first, then as the task lists them."""
    known = [primary, *METRICS[task]]
    return tuple(sorted(names, key=lambda name: (known.index(name) if name in known else len(known), name)))


def slice_name(part: Mapping[str, Any]) -> str:
    """Give `sex = Female` or `age ≥ 65`."""
    return slice_title(str(part["slice"]), str(part["value"]))


def rows(count: str) -> str:
    """Give `1 row` or `2 rows`."""
    return f"{count} row" if count == "1" else f"{count} rows"


def sentence(text: str) -> str:
    """Begin a text with a capital letter, and end it."""
    return text[:1].upper() + text[1:] + ("" if text.endswith((".", "?", "!", "。")) else ".")


def not_evaluated(title: str, what: str, plots: tuple[str, ...] = ()) -> Section:
    """Give the section of a file that is not there."""
    blocks: tuple[Block, ...] = (Text(f"Not evaluated: this version has no {what}."),)
    return Section(title, (*blocks, Plots(plots)) if plots else blocks)
