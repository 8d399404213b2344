"""Format `idx`: MNIST's pairs of files, images and their labels (http://yann.lecun.com/exdb/mnist/).

A file begins with two zero bytes, a type (8: unsigned byte), the number of dimensions, and each dimension as a
big-endian 32-bit integer; the values follow.
"""

import math
from pathlib import Path

import numpy as np
import pandas as pd

from remint.config.source import IdxFormat
from remint.data.raw import RawData
from remint.errors import DataError
from remint.formats.unpack import unpacked

_UNSIGNED_BYTE = 8


def read_pair(names: tuple[str, str], paths: tuple[Path, Path], form: IdxFormat) -> RawData:
    """Read images (N×H×W, or N×H×W×C) and labels (N): column `label` as text, images uint8 N×H×W×C.

    Raises DataError for a file of another kind or size, another number of labels than images, a label beyond `classes`.
    """
    images = _array(names[0], paths[0], (3, 4))
    labels = _array(names[1], paths[1], (1,))
    if len(images) != len(labels):
        raise DataError(f"{names[0]} holds {len(images)} images, but {names[1]} {len(labels)} labels")
    texts = np.array(form.classes or [str(value) for value in range(256)], dtype=object)
    if len(labels) and labels.max() >= len(texts):
        row = int((labels >= len(texts)).argmax())
        allowed = f"0 to {len(texts) - 1}, as `classes` names"
        raise DataError(f"{names[1]}, row {row} (from 0): label is {labels[row]}; allowed: {allowed}")
    rows = pd.DataFrame({"label": pd.Series(texts[labels], dtype="str")})
    return RawData(rows, images if images.ndim == 4 else images[..., np.newaxis])


def _array(name: str, path: Path, dimensions: tuple[int, ...]) -> np.ndarray:
    """Give a file's values (uint8)."""
    with unpacked(name, path) as stream:
        content = stream.read()
    if len(content) < 4 or content[:2] != b"\0\0" or content[2] != _UNSIGNED_BYTE or content[3] not in dimensions:
        allowed = " or ".join(f"0000080{d}" for d in dimensions)
        raise DataError(f"{name} begins with {content[:4].hex() or 'nothing'}; allowed: IDX of bytes, {allowed}")
    start = 4 + 4 * content[3]
    if len(content) < start:
        raise DataError(f"{name} ends inside its header; allowed: IDX of bytes")
    shape = tuple(int(n) for n in np.frombuffer(content[4:start], dtype=">u4"))
    if len(content) - start != math.prod(shape):
        raise DataError(f"{name} holds {len(content) - start} values, but its header tells {'×'.join(map(str, shape))}")
    return np.frombuffer(content, dtype=np.uint8, offset=start).reshape(shape)
