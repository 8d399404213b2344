"""Format `csv-images`: text without a header, an image a row, its pixels in C order (H, W, C) and its label."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd

from remint.config.source import CsvImagesFormat
from remint.data.raw import RawData
from remint.errors import DataError
from remint.formats.text import TextFile, check_widths, parsing
from remint.formats.unpack import unpacked

_CHUNK_VALUES = 2_000_000
"Values that stand in memory as 64-bit integers at a time; the rest as bytes."


def read_file(name: str, path: Path, form: CsvImagesFormat) -> RawData:
    """Read one file: column `label` as text, images uint8 N×H×W×C.

    Raises DataError: another number of fields, a pixel that is no whole number from 0 to 255, an empty file.
    """
    file = TextFile(name, path)
    size = form.height * form.width * form.channels
    label = _label_position(name, form, size)
    pixels, labels = bytearray(), []
    with parsing(file, size + 1):
        for chunk in _chunks(file, label, size + 1):
            labels.append(chunk[label])
            # A bytearray grows in place, so the pixels never stand in memory twice.
            pixels += _bytes(name, chunk.drop(columns=label)).data.cast("B")
    images = np.frombuffer(pixels, dtype=np.uint8).reshape(-1, form.height, form.width, form.channels)
    return RawData(pd.DataFrame({"label": pd.concat(labels)}), images)


def _label_position(name: str, form: CsvImagesFormat, size: int) -> int:
    if not -size - 1 <= form.label <= size:
        raise DataError(f"{name}: label is column {form.label}; allowed: {-size - 1} to {size}")
    return form.label % (size + 1)


def _chunks(file: TextFile, label: int, fields: int) -> Iterator[pd.DataFrame]:
    with unpacked(file.name, file.path) as stream:
        reader = pd.read_csv(
            stream,
            engine="c",
            header=None,
            dtype={label: "str"},
            keep_default_na=False,
            na_values=[""],
            low_memory=False,
            chunksize=max(1, _CHUNK_VALUES // fields),
        )
        with reader:
            for chunk in reader:
                if chunk.shape[1] != fields or chunk.iloc[:, -1].isna().any():
                    check_widths(file, fields)
                yield chunk


def _bytes(name: str, pixels: pd.DataFrame) -> np.ndarray:
    """Give a chunk's pixels as uint8, n×(H·W·C)."""
    if all(dtype.kind in "iu" for dtype in pixels.dtypes):
        numbers = pixels.to_numpy()
        if numbers.min() >= 0 and numbers.max() <= 255:
            return np.ascontiguousarray(numbers, dtype=np.uint8)
    texts = pixels.astype("str")
    values = texts.apply(pd.to_numeric, errors="coerce").to_numpy(dtype=np.float64)
    wrong = ~((values >= 0) & (values <= 255) & (values == np.floor(values)))
    if wrong.any():
        row, position = np.argwhere(wrong)[0]
        found = "missing" if pixels.isna().iat[row, position] else str(pixels.iat[row, position])
        where = f"row {pixels.index[row]}, column {pixels.columns[position]} (both from 0)"
        raise DataError(f"{name}, {where}: pixel is {found}; allowed: a whole number from 0 to 255")
    return np.ascontiguousarray(values, dtype=np.uint8)
