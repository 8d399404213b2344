"""Format `image-folder`: a zip or tar archive of image files in one folder a class, `…/CLASS/NAME.png`."""

import gzip
import io
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path, PurePosixPath
from typing import IO, cast

import numpy as np
import pandas as pd
from PIL import Image

from remint import progress
from remint.config.source import ImageFolderFormat
from remint.data.raw import RawData
from remint.errors import DataError
from remint.formats.stack import ImageStack

FORMATS = ("PNG", "JPEG", "GIF", "BMP", "WEBP", "TIFF", "PPM")
"What Pillow may take a file for; it knows formats that run other programs."
SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".gif", ".bmp", ".webp", ".tif", ".tiff", ".ppm", ".pgm", ".pbm"})

_MODES = {"1": "L", "L": "L", "LA": "RGBA", "PA": "RGBA", "RGBA": "RGBA", "RGB": "RGB", "P": "RGB"} | dict.fromkeys(
    ("CMYK", "YCbCr", "LAB", "HSV"), "RGB"
)
"Pillow's modes of 8 bits a channel, and the one of 1, 3 or 4 channels that holds the same."


def read_file(name: str, path: Path, _form: ImageFolderFormat) -> RawData:
    """Read one archive, its image files sorted by path; other and hidden files are passed over.

    Rows: `file`, `label` (its folder's name), `readable`, and `height`, `width`, `channels` as found (0 where a file
    does not decode, whose image is zeros). Grey images beside coloured ones become coloured.
    Raises DataError: a damaged archive, no image in it, a file in no folder, more than 8 bits a channel, images of
    different sizes.
    """
    with _opened(name, path) as members:
        # In the archive's order, since a compressed tar is slow to read in any other.
        members = {file: read for file, read in members.items() if _is_image(file)}
        files = sorted(members)
        labels = [_label(name, file) for file in files]
        row = {file: i for i, file in enumerate(files)}
        stack = ImageStack(name, len(files))
        for done, (file, read) in enumerate(members.items(), 1):
            stack.put(row[file], file, _decoded(name, file, read()))
            progress.report(f"decoding {name}", done, len(files))
    if not files:
        raise DataError(f"{name} holds no image file; allowed: {', '.join(sorted(SUFFIXES))} in a folder a class")
    texts = {"file": pd.Series(files, dtype="str"), "label": pd.Series(labels, dtype="str")}
    return RawData(pd.DataFrame({**texts, **stack.found()}), stack.images())


@contextmanager
def _opened(name: str, path: Path) -> Iterator[dict[str, Callable[[], bytes]]]:
    """Give the path of each file inside and what reads it; of two with one path the later, as unpacking would."""
    try:
        if zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as archive:
                yield {i.filename: partial(archive.read, i) for i in archive.infolist() if not i.is_dir()}
        else:
            with tarfile.open(path) as opened:
                yield {m.name: partial(_read_member, opened, m) for m in opened.getmembers() if m.isfile()}
    except (zipfile.BadZipFile, tarfile.TarError, zlib.error, EOFError, gzip.BadGzipFile, NotImplementedError) as error:
        raise DataError(f"{name} is no zip or tar archive, or a damaged one: {error}") from error


def _read_member(archive: tarfile.TarFile, member: tarfile.TarInfo) -> bytes:
    return cast(IO[bytes], archive.extractfile(member)).read()


def _is_image(file: str) -> bool:
    path = PurePosixPath(file)
    hidden = any(part.startswith(".") or part == "__MACOSX" for part in path.parts)
    return not hidden and path.suffix.lower() in SUFFIXES


def _label(name: str, file: str) -> str:
    folder = PurePosixPath(file).parent.name
    if not folder:
        raise DataError(f"{name}: {file} stands in no folder; allowed: …/CLASS/{file}")
    return folder


def _decoded(name: str, file: str, content: bytes) -> np.ndarray | None:
    """Give uint8, H×W×C, or None where the bytes are no image."""
    try:
        with Image.open(io.BytesIO(content), formats=FORMATS) as image:
            image.load()
            found = image.mode
            mode = _MODES.get(found)
            pixels = np.asarray(image.convert(mode)) if mode else None
    except MemoryError:
        raise
    except Exception:  # Pillow's plugins raise whatever their format's damage leads to
        return None
    if pixels is None:
        raise DataError(f'{name}: {file} has pixels of mode "{found}"; allowed: 8 bits a channel ({", ".join(_MODES)})')
    return pixels if pixels.ndim == 3 else pixels[:, :, np.newaxis]
