"""Texts that say the same but for a few words."""

from collections.abc import Mapping

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

NEAR = 0.8
"Share of the 5-token shingles of two texts that both have: the threshold of Lee et al. 2022."
SHINGLE = 5
"Tokens in a row."
_BANDS, _PER_BAND = 16, 4
"Of the MinHash signature: a pair with similarity s shares a band with probability 1 - (1 - s⁴)¹⁶, 0.9998 at 0.8."
Shingles = tuple[np.ndarray, np.ndarray]
"Hashes (uint64) of all texts one after the other, each once a text and rising within it, and offsets (int64, N+1)."


def near_texts(texts: Mapping[str, np.ndarray], train: Mapping[str, np.ndarray]) -> np.ndarray:
    """Give for each text (`tokens`, `offsets`) a near duplicate in train (int64, N), -1 where none was found.

    Two texts are near duplicates where the Jaccard similarity of their sets of five tokens in a row is at least `NEAR`
    (Lee et al. 2022, https://arxiv.org/abs/2107.06499). Candidates come from MinHash and locality-sensitive hashing
    (Broder 1997), of each of the bands the first train text alone, and are then compared exactly.
    """
    found = np.full(len(texts["offsets"]) - 1, -1)
    shingles, of_train = _shingles(texts), _shingles(train)
    if not len(found) or len(train["offsets"]) < 2:
        return found
    for keys, train_keys in zip(_bands(shingles), _bands(of_train), strict=True):
        candidates = _first(keys, train_keys)
        for row in np.flatnonzero((candidates >= 0) & (found < 0)).tolist():
            if _jaccard(_of(shingles, row), _of(of_train, int(candidates[row]))) >= NEAR:
                found[row] = candidates[row]
    return found


def _shingles(texts: Mapping[str, np.ndarray]) -> Shingles:
    """Hash each five tokens in a row within a text; a shorter text is filled up, so that it has one shingle."""
    lengths = np.diff(texts["offsets"])
    owners = np.repeat(np.arange(len(lengths)), np.maximum(lengths, SHINGLE))
    starts = np.concatenate([[0], np.cumsum(np.maximum(lengths, SHINGLE))])
    filled = np.zeros(starts[-1], dtype=np.uint64)
    places = np.arange(lengths.sum()) + np.repeat(starts[:-1] - texts["offsets"][:-1], lengths)
    filled[places] = texts["tokens"].astype(np.uint64) + np.uint64(1)
    windows = sliding_window_view(filled, SHINGLE) if len(filled) else np.zeros((0, SHINGLE), dtype=np.uint64)
    inside = owners[: len(windows)] == owners[SHINGLE - 1 :]
    hashes = np.zeros(len(windows), dtype=np.uint64)
    for column in windows.T:
        hashes = _mixed(hashes ^ column)
    return _unique(hashes[inside], owners[: len(windows)][inside], len(lengths))


def _unique(hashes: np.ndarray, owners: np.ndarray, texts: int) -> Shingles:
    order = np.lexsort((hashes, owners))
    hashes, owners = hashes[order], owners[order]
    new = np.ones(len(hashes), dtype=bool)
    new[1:] = (hashes[1:] != hashes[:-1]) | (owners[1:] != owners[:-1])
    counts = np.bincount(owners[new], minlength=texts)
    return hashes[new], np.concatenate([[0], np.cumsum(counts)])


def _bands(shingles: Shingles) -> list[np.ndarray]:
    """Give a key of each text in each band (uint64, N): what its least hashes under four hash functions make."""
    hashes, offsets = shingles
    seeds = _mixed(np.arange(1, _BANDS * _PER_BAND + 1, dtype=np.uint64)).reshape(_BANDS, _PER_BAND)
    bands = []
    for band in seeds:
        key = np.zeros(len(offsets) - 1, dtype=np.uint64)
        for seed in band:
            key = _mixed(key ^ np.minimum.reduceat(_mixed(hashes ^ seed), offsets[:-1]))
        bands.append(key)
    return bands


def _first(keys: np.ndarray, train: np.ndarray) -> np.ndarray:
    """Give for each key the first place of the same one in train (int64), -1 where there is none."""
    values, places = np.unique(train, return_index=True)
    at = np.minimum(np.searchsorted(values, keys), len(values) - 1)
    first: np.ndarray = np.where(values[at] == keys, places[at], -1)
    return first


def _jaccard(one: np.ndarray, other: np.ndarray) -> float:
    both = len(np.intersect1d(one, other, assume_unique=True))
    return both / (len(one) + len(other) - both)


def _of(shingles: Shingles, row: int) -> np.ndarray:
    hashes, offsets = shingles
    return hashes[offsets[row] : offsets[row + 1]]


def _mixed(values: np.ndarray) -> np.ndarray:
    """Spread the bits (splitmix64, https://prng.di.unimi.it/splitmix64.c)."""
    values = values + np.uint64(0x9E3779B97F4A7C15)
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    mixed: np.ndarray = values ^ (values >> np.uint64(31))
    return mixed
