"""Which rows, or images, are the same."""

import hashlib
from collections.abc import Collection

import numpy as np
import pandas as pd


def row_ids(rows: pd.DataFrame, texts: Collection[str] = ()) -> np.ndarray:
    """Give equal rows equal numbers (int64, N), numbered by first appearance; missing values equal each other.

    White space at both ends of what stands in the columns `texts` does not count.
    """
    ids = np.zeros(len(rows), dtype=np.int64)
    for name in rows.columns:
        column = rows[name].map(_stripped) if name in texts else rows[name]
        codes = pd.factorize(column, use_na_sentinel=False)[0]
        ids = pd.factorize(ids * (codes.max(initial=0) + 1) + codes)[0]
    return ids


def image_ids(images: np.ndarray) -> np.ndarray:
    """Give images of equal pixels equal numbers (int64, N), numbered by first appearance (BLAKE2b, 128 bits)."""
    digests = [hashlib.blake2b(image, digest_size=16).digest() for image in np.ascontiguousarray(images)]
    return pd.factorize(np.array(digests, dtype=object))[0]


def first_alike(ids: np.ndarray, among: np.ndarray) -> np.ndarray:
    """Give for each row the first row with its id among those that a mask marks, else −1 (int64, N)."""
    first = np.full(ids.max(initial=-1) + 1, -1, dtype=np.int64)
    rows = np.flatnonzero(among)[::-1]
    first[ids[rows]] = rows
    return np.asarray(first[ids])


def _stripped(value: object) -> object:
    return value.strip() if isinstance(value, str) else value
