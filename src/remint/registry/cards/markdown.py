"""A card as Markdown (CommonMark with tables), readable as it stands."""

import re

from rich.cells import cell_len

from remint.registry.cards.blocks import Block, Bullets, Card, Code, Facts, Plots, Section, Table, Text

_CODE = re.compile(r"(`[^`]*`)")


def markdown(card: Card) -> str:
    """Write a card; its pictures are `plots/NAME.png` beside it."""
    told = [card.subtitle] + ([f"**{card.verdict[1]}**"] if card.verdict else [])
    tiles = tuple((escape(name), f"**{escape(value)}**") for value, name in card.tiles)
    parts = [f"# {escape(card.title)}", " · ".join(told), _rows(("", ""), tiles, texts=1) if tiles else ""]
    parts += [_section(section) for section in card.sections]
    return "\n\n".join(part for part in parts if part) + "\n"


def escape(text: str) -> str:
    """Write plain text so that Markdown shows it as it is; between backticks it is code already."""
    line = " ".join(text.split())
    return "".join(part if part.startswith("`") and len(part) > 2 else _escape(part) for part in _CODE.split(line))


def _escape(text: str) -> str:
    text = re.sub(r"([\\*`|])", r"\\\1", text)
    text = re.sub(r"(?<![^\W_])_|_(?![^\W_])", r"\\_", text)
    return re.sub(r"<(?=[A-Za-z/!?])|\](?=[\[(:])|&(?=#?\w+;)|~(?=~)", r"\\\g<0>", text)


def _section(section: Section) -> str:
    return "\n\n".join([f"## {escape(section.title)}", *filter(None, map(_block, section.blocks))])


def _block(block: Block) -> str:
    match block:
        case Text(text):
            return _paragraph(text)
        case Bullets(items):
            return "\n".join(f"- {_paragraph(item)}" for item in items)
        case Table():
            lines = [
                tuple(f"**{cell}**" if i in block.marked and cell else cell for cell in map(escape, row))
                for i, row in enumerate(block.rows)
            ]
            return _rows(tuple(map(escape, block.head)), tuple(lines), block.texts)
        case Facts(facts):
            return _rows(("", ""), tuple((escape(name), _linked(value)) for name, value in facts), texts=2)
        case Plots(names):
            return "\n\n".join(f"![{escape(name)}](plots/{name}.png)" for name in names)
        case Code():
            return f"```{block.language}\n{block.text}\n```"


def _paragraph(text: str) -> str:
    """Escape a text whose beginning could pass for a heading, a quotation or a list."""
    return re.sub(r"^(\d*)([#>+=.)-])", r"\1\\\2", escape(text))


def _linked(value: str) -> str:
    return f"<{value}>" if re.fullmatch(r"https?://[^\s<>]+", value) else escape(value)


def _rows(head: tuple[str, ...], rows: tuple[tuple[str, ...], ...], texts: int) -> str:
    """Write a table whose columns line up, its figures at the right."""
    widths = [max(3, *(cell_len(row[i]) for row in (head, *rows))) for i in range(len(head))]
    rule = tuple("-" * width if i < texts else "-" * (width - 1) + ":" for i, width in enumerate(widths))
    lines = (head, rule, *rows)
    return "\n".join("| " + " | ".join(_pad(row, widths, texts)) + " |" for row in lines)


def _pad(row: tuple[str, ...], widths: list[int], texts: int) -> list[str]:
    """Fill cells up with spaces; a Chinese character is as wide as two others."""
    spaces = [" " * (width - cell_len(cell)) for cell, width in zip(row, widths, strict=True)]
    return [
        cell + space if i < texts else space + cell for i, (cell, space) in enumerate(zip(row, spaces, strict=True))
    ]
