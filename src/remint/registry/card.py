"""The model card: what a version is for, how well it does, for whom, and where it fails; from its files alone."""

from pathlib import Path

from remint.files import write_text
from remint.registry.cards.about import About
from remint.registry.cards.content import card_content
from remint.registry.cards.findings import read_findings
from remint.registry.cards.markdown import markdown
from remint.registry.cards.page import page

__all__ = ["HTML", "MARKDOWN", "About", "write_card"]

MARKDOWN, HTML = "card.md", "card.html"


def write_card(folder: Path, about: About) -> None:
    """Write `card.md` and `card.html` into a version's folder, from its files and `about`.

    Reads `evaluation/`, `plots/*.png`, `cost.json` and `decision.json`; of a file that is not there the card says
    that it was not evaluated. The Markdown names its plots by relative paths, the HTML holds them and needs nothing
    beside it. The same files and `about` give the same bytes. Raises RemintError where the disk does not take it.
    """
    card = card_content(read_findings(folder), about)
    write_text(folder / MARKDOWN, markdown(card))
    write_text(folder / HTML, page(card, folder))
