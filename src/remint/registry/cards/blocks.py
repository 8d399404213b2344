"""A card as blocks of plain text, which Markdown and HTML are written from."""

from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True)
class Text:
    """A paragraph."""

    text: str


@dataclass(frozen=True)
class Bullets:
    """A list."""

    items: tuple[str, ...]


@dataclass(frozen=True)
class Table:
    """Rows of cells under a head; as many in each row as in the head."""

    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    texts: int = 1
    "So many columns at the left hold texts, the others figures."
    marked: frozenset[int] = frozenset()
    "Rows that stand out."


@dataclass(frozen=True)
class Facts:
    """Names and what is said of each."""

    facts: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Plots:
    """Pictures of the folder `plots`, by their names without `.png`."""

    names: tuple[str, ...]


@dataclass(frozen=True)
class Code:
    """Lines to copy, as they are."""

    text: str
    language: str
    folded: str | None = None
    "Words in whose place a page that can fold shows the code at first."


Block: TypeAlias = Text | Bullets | Table | Facts | Plots | Code


@dataclass(frozen=True)
class Section:
    """A heading and its blocks."""

    title: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True)
class Card:
    """A whole card."""

    title: str
    subtitle: str
    verdict: tuple[bool, str] | None
    "Whether the version was promoted, and words for it; None where nothing was decided."
    tiles: tuple[tuple[str, str], ...]
    "The figures to see first: figure, then what it is."
    sections: tuple[Section, ...]
