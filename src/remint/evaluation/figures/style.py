"""What all pictures share: size, colours, a grid, a font that has Chinese characters, and how they are saved."""

import logging
import unicodedata
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

BLUE, RED, GREEN, GREY = "#1f77b4", "#e4572e", "#2a9d5c", "0.45"
_CLOSING = "，。！？；：、）》」』”’…,.!?;:)"
"No line begins with one of these."
COLOURS = 10
"Classes up to which each curve has a colour of its own and a line in the legend."


def prepare() -> None:
    """Quiet matplotlib, let it draw Chinese characters where a font is there, and take a dollar sign for what it is."""
    import matplotlib

    from remint.evaluation.fonts import use_cjk_font

    logging.getLogger("matplotlib").setLevel(logging.ERROR)
    use_cjk_font()
    matplotlib.rcParams["text.parse_math"] = False


def new_figure(width: float, height: float) -> "Figure":
    """Give an empty figure of so many inches."""
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), dpi=120, layout="constrained")


def panels(count: int, xlabel: str) -> tuple["Figure", list["Axes"]]:
    """Give a figure of panels side by side."""
    figure = new_figure(min(4.6 * count, 16), 3.8)
    axes = list(figure.subplots(1, count, squeeze=False)[0])
    for axis in axes:
        axis.set_xlabel(xlabel)
        clean(axis)
    return figure, axes


def save(figure: "Figure", path: Path) -> None:
    """Write a figure as PNG; the same figure gives the same bytes."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    path.parent.mkdir(parents=True, exist_ok=True)
    FigureCanvasAgg(figure)
    figure.savefig(path, format="png", metadata={"Software": None})


def clean(axis: "Axes") -> None:
    """Leave out what is no data."""
    axis.spines[["top", "right"]].set_visible(False)
    axis.grid(color="0.92", linewidth=0.8)
    axis.set_axisbelow(True)


def colour(i: int, classes: int) -> Any:
    """Give the colour of a class."""
    from matplotlib import colormaps

    return colormaps["tab10"](i) if classes <= COLOURS else colormaps["viridis"](i / (classes - 1))


def shortened(name: str) -> str:
    """Give a name of bearable length."""
    return name if len(name) <= 24 else f"{name[:23]}…"


def width(text: str) -> int:
    """Give the columns that a text takes: two for a Chinese character, one for a Latin one."""
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in text)


def wrapped(text: str, columns: int, lines: int) -> str:
    """Break a text into so many lines at most, at blanks, and anywhere where there are none."""
    found = [""]
    for word in _words(" ".join(text.split())):
        if width(found[-1]) + width(word.rstrip()) > columns and found[-1]:
            found.append("")
        found[-1] += word
    shown = [line.strip() for line in found[:lines]]
    if len(found) > lines:
        shown[-1] = f"{shown[-1].rstrip('…')}…"
    return "\n".join(shown)


def _ends_wide(word: str, character: str) -> bool:
    return width(word[-1]) == 2 and character not in _CLOSING


def _words(text: str) -> list[str]:
    """Part a text where a line may break: after blanks and around wide characters; no part is very long."""
    words, word = [], ""
    for character in text:
        wide = width(character) == 2 and character not in _CLOSING
        if word and (wide or word[-1] == " " or _ends_wide(word, character) or len(word) >= 40):
            words.append(word)
            word = ""
        word += character
    return [*words, word] if word else words
