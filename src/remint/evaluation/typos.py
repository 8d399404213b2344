"""Typing mistakes in texts of any script."""

import unicodedata
from collections.abc import Sequence

import numpy as np

_NARROW = ("swap", "delete", "insert", "replace")
_WIDE = ("replace",)
"Who types Chinese chooses whole characters, and so chooses wrong ones."


def with_typos(texts: Sequence[str], share: float, random: np.random.Generator) -> list[str]:
    """Give texts in which so large a share of the characters, blanks aside, is mistyped.

    A mistake swaps a character with the next, leaves it out, puts a letter before it or another one in its place, all
    alike often; a wide character, such as a Chinese one, becomes another. Letters are drawn from those of all texts of
    the same width, as often as they occur there.
    """
    letters = {wide: _letters(texts, wide) for wide in (False, True)}
    return [_mistyped(text, random.random(len(text)) < share, letters, random) for text in texts]


def _mistyped(text: str, wrong: np.ndarray, letters: dict[bool, str], random: np.random.Generator) -> str:
    characters = list(text)
    # From the end, so that the places before stay what they are.
    for place in np.flatnonzero(wrong)[::-1]:
        if not characters[place].isspace():
            _mistype(characters, int(place), letters[_is_wide(characters[place])], random)
    return "".join(characters)


def _mistype(characters: list[str], place: int, letters: str, random: np.random.Generator) -> None:
    old = characters[place]
    kinds = _WIDE if _is_wide(old) else _NARROW
    kind = kinds[random.integers(len(kinds))]
    new = letters[random.integers(len(letters))] if letters else old
    if kind == "swap":
        characters[place : place + 2] = characters[place : place + 2][::-1]
    elif kind == "delete":
        del characters[place]
    elif kind == "insert":
        characters.insert(place, new)
    else:
        characters[place] = new


def _letters(texts: Sequence[str], wide: bool) -> str:
    found = [character for text in texts for character in text if character.isalpha()]
    return "".join(character for character in found if _is_wide(character) == wide)


def _is_wide(character: str) -> bool:
    return not character.isascii() and unicodedata.east_asian_width(character) in "WF"
