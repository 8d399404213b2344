"""Tokens on grounds of colour, line by line."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from remint.evaluation.figures.style import width

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COLUMNS = 76
"Width of a line, in Latin characters."
COLUMN, LINE = 0.074, 0.24
"Inches of a Latin character, and of a line."
_SIZE = 8.5
"Points; a character of the font is 0.602 of it wide."
_GAP = 0.5
"Between tokens, in Latin characters."
_LONGEST = 24
"Characters of a token that are shown."
_DARK = 0.75
"Share of the largest attribution from which on a token is written in white."
_PALE = 0.75
"Of the colours' range that is used, so that a token can be read on its ground."

Line = list[tuple[str, float]]
"Tokens, each with a number −1…1."


def token_lines(tokens: Sequence[str], values: Sequence[float]) -> list[Line]:
    """Part tokens into lines; `values` are divided by the largest."""
    limit = max((abs(value) for value in values), default=0.0) or 1.0
    lines: list[Line] = [[]]
    taken = 0.0
    for token, value in zip(map(readable, tokens), values, strict=True):
        if lines[-1] and taken + width(token) > COLUMNS:
            lines.append([])
            taken = 0.0
        lines[-1].append((token, value / limit))
        taken += width(token) + _GAP
    return lines


def write_tokens(axis: "Axes", top: float, lines: Sequence[Line]) -> None:
    """Write lines of tokens from `top` on; the axis counts inches, from its left and upper edge."""
    import matplotlib
    from matplotlib import colormaps
    from matplotlib.patches import Rectangle

    family = ["DejaVu Sans Mono", *matplotlib.rcParams["font.family"]]
    for number, line in enumerate(lines):
        left, middle = 0.0, top + (number + 0.5) * LINE
        for token, value in line:
            size = width(token) * COLUMN
            ground = colormaps["RdBu"](0.5 + 0.5 * _PALE * value)
            axis.add_patch(Rectangle((left, middle - 0.45 * LINE), size, 0.9 * LINE, color=ground, linewidth=0))
            ink = "white" if abs(value) > _DARK else "0.1"
            drawn = axis.text(left + size / 2, middle, token, color=ink, fontsize=_SIZE, family=family)
            drawn.set(ha="center", va="center_baseline", parse_math=False)
            left += size + _GAP * COLUMN


def write_line(axis: "Axes", top: float, text: str) -> None:
    """Write a line without grounds, as tall as one of tokens."""
    axis.text(0, top + 0.5 * LINE, text, color="0.4", fontsize=_SIZE, va="center", parse_math=False)


def readable(token: str) -> str:
    """Give a token so that blanks at its ends and line breaks can be seen."""
    shown = token.replace("\n", "⏎")
    shown = shown if shown.strip() else "␣" * len(shown)
    return shown if len(shown) <= _LONGEST else f"{shown[: _LONGEST - 1]}…"
