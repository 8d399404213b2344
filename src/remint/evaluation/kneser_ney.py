"""An n-gram model of characters: interpolated Kneser–Ney smoothing with three discounts.

S. F. Chen and J. Goodman, An empirical study of smoothing techniques for language modeling (1999), section 3: "modified
Kneser–Ney". As there, and as in KenLM (Heafield et al. 2013), an n-gram below the highest order counts as often as it
has different symbols before it, save where it begins a text, and the lowest order is interpolated with a uniform one.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

BEGIN, END, UNKNOWN = 0, 1, 2
"Symbols that are no character."
_FALLBACK = (0.5, 1.0, 1.5)
"Discounts where the counts of counts are too few to estimate them, as in KenLM."


@dataclass(frozen=True)
class _Level:
    """The n-grams of one length: those of train, sorted by key, which is the context's number and the last symbol."""

    keys: np.ndarray
    discounted: np.ndarray
    "Each n-gram's discounted share of its context, float64."
    left: np.ndarray
    "What the discounts leave to the level below, by number of the context; 1 where the context is never followed."


class KneserNey:
    """An n-gram model of the given order; characters that train holds too rarely are one symbol."""

    def __init__(self, order: int, min_frequency: int = 1) -> None:
        self._order, self._min_frequency = order, min_frequency
        self._levels: list[_Level] = []
        self.alphabet = np.empty(0, dtype=np.uint32)

    @property
    def size(self) -> int:
        """Number of symbols that can be foretold: the alphabet, the end of a text, and the unknown character."""
        return len(self.alphabet) + 2

    def fit(self, texts: Sequence[str]) -> None:
        """Count the n-grams of texts."""
        characters, counts = np.unique(_characters(texts), return_counts=True)
        self.alphabet = characters[counts >= self._min_frequency]
        symbols, places = self._symbols(texts)
        numbers, keys = [np.zeros(len(symbols), dtype=np.int64)], []
        firsts: list[np.ndarray] = []
        for length in range(1, self._order + 1):
            found, first, number = _count(self._keys(symbols, places, numbers[-1], length))
            keys.append(found)
            firsts.append(first)
            numbers.append(number)
        self._levels = [self._level(length, keys, firsts, numbers) for length in range(1, self._order + 1)]

    def nats(self, texts: Sequence[str]) -> np.ndarray:
        """Give the negative log-likelihood of each text and its end (float64, N)."""
        symbols, places = self._symbols(texts)
        losses = np.where(places > 0, -np.log(self._probabilities(symbols, places)), 0.0)
        return np.add.reduceat(losses, np.flatnonzero(places == 0)) if len(losses) else np.empty(0)

    def _level(
        self, length: int, keys: list[np.ndarray], firsts: list[np.ndarray], numbers: list[np.ndarray]
    ) -> _Level:
        """Turn counts into shares. `numbers[length]` gives the number of the n-gram that ends at each symbol, or −1."""
        number, first = numbers[length], firsts[length - 1]
        counts = np.bincount(number[number >= 0], minlength=len(first))
        if length < self._order:
            befores = np.bincount(number[firsts[length]], minlength=len(first))
            counts = np.where(befores > 0, befores, counts)
        if length == 1:
            counts[keys[0] == BEGIN] = 0
        contexts = numbers[length - 1][first - 1] if length > 1 else np.zeros(len(first), dtype=np.int64)
        size = len(firsts[length - 2]) if length > 1 else 1
        taken = np.minimum(_discounts(counts)[np.minimum(counts, 3)], counts)
        totals = np.maximum(np.bincount(contexts, weights=counts, minlength=size), 1e-300)
        left = np.bincount(contexts, weights=taken, minlength=size) / totals
        followed = np.bincount(contexts, minlength=size) > 0
        return _Level(keys[length - 1], (counts - taken) / totals[contexts], np.where(followed, left, 1.0))

    def _probabilities(self, symbols: np.ndarray, places: np.ndarray) -> np.ndarray:
        found = np.full(len(symbols), 1 / self.size)
        number = np.zeros(len(symbols), dtype=np.int64)
        for length, level in enumerate(self._levels, start=1):
            keys = self._keys(symbols, places, number, length)
            context = number if length == 1 else np.concatenate([[-1], number[:-1]])
            usable = (keys >= 0) & (context >= 0)
            where = np.minimum(np.searchsorted(level.keys, keys), len(level.keys) - 1)
            known = usable & (level.keys[where] == keys)
            left = np.where(usable, level.left[np.maximum(context, 0)], 1.0)
            found = np.where(known, level.discounted[where], 0.0) + left * found
            number = np.where(known, where, -1)
        return found

    def _keys(self, symbols: np.ndarray, places: np.ndarray, number: np.ndarray, length: int) -> np.ndarray:
        """Give the key of the n-gram that ends at each symbol; −1 where it would begin before its text, or is new."""
        if length == 1:
            return symbols
        context = np.concatenate([[-1], number[:-1]])
        keys = context * (self.size + 1) + symbols
        return np.where((places >= length - 1) & (context >= 0), keys, -1)

    def _symbols(self, texts: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
        """Give the symbols of all texts, each between BEGIN and END, and each symbol's place within its text."""
        lengths = np.array([len(text) for text in texts], dtype=np.int64)
        starts = (lengths + 2).cumsum() - lengths - 2
        places = np.arange(int((lengths + 2).sum())) - np.repeat(starts, lengths + 2)
        symbols = np.full(len(places), END, dtype=np.int64)
        symbols[starts] = BEGIN
        inside = (places > 0) & (places <= np.repeat(lengths, lengths + 2))
        symbols[inside] = self._encoded(_characters(texts))
        return symbols, places

    def _encoded(self, characters: np.ndarray) -> np.ndarray:
        if not len(self.alphabet):
            return np.full(len(characters), UNKNOWN)
        where = np.minimum(np.searchsorted(self.alphabet, characters), len(self.alphabet) - 1)
        return np.where(self.alphabet[where] == characters, where + 3, UNKNOWN)


def _characters(texts: Sequence[str]) -> np.ndarray:
    return np.frombuffer("".join(texts).encode("utf-32-le", "surrogatepass"), dtype="<u4")


def _count(keys: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Give the different keys ≥ 0, where each occurs first, and the number of each place's key (−1: none)."""
    places = np.flatnonzero(keys >= 0)
    found, first, number = np.unique(keys[places], return_index=True, return_inverse=True)
    numbers = np.full(len(keys), -1, dtype=np.int64)
    numbers[places] = number
    return found, places[first], numbers


def _discounts(counts: np.ndarray) -> np.ndarray:
    """Give the discount of counts of 0, 1, 2, and 3 or more (equation 26 of Chen and Goodman)."""
    once, twice, thrice, fourfold = (int((counts == count).sum()) for count in (1, 2, 3, 4))
    if not (once and twice and thrice and fourfold):
        return np.array([0.0, *_FALLBACK])
    share = once / (once + 2 * twice)
    found = [1 - 2 * share * twice / once, 2 - 3 * share * thrice / twice, 3 - 4 * share * fourfold / thrice]
    return np.array([0.0, *np.clip(found, 0.1, (1.0, 2.0, 3.0))])
