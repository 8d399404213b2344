"""Images from files and messages, as the model takes them."""

import io

import numpy as np
from PIL import Image

from remint.errors import DataError
from remint.formats.image_folder import FORMATS


def decoded(what: str, content: bytes, shape: tuple[int, int, int]) -> np.ndarray:
    """Give an image (uint8, H×W×C) of the shape that a model takes. Grey becomes colour where colour is taken.

    Raises DataError that begins with `what`.
    """
    height, width, channels = shape
    try:
        with Image.open(io.BytesIO(content), formats=FORMATS) as image:
            if image.size != (width, height):
                raise DataError(f"{what} is {image.height}×{image.width} pixels; allowed: {height}×{width}")
            mode = _mode(image.mode, channels)
            if mode is None:
                raise DataError(f'{what} has pixels of mode "{image.mode}"; allowed: {channels} channels of 8 bits')
            pixels = np.asarray(image.convert(mode))
    except (DataError, MemoryError):
        raise
    except Exception:  # Pillow's plugins raise whatever their format's damage leads to
        raise DataError(f"{what} does not decode; allowed: {', '.join(FORMATS)}") from None
    return pixels if pixels.ndim == 3 else pixels[:, :, np.newaxis]


def _mode(found: str, channels: int) -> str | None:
    """Give Pillow's mode to convert to, None where colour would be lost."""
    if found in ("1", "L"):
        return {1: "L", 3: "RGB", 4: "RGBA"}.get(channels)
    if found in ("RGB", "P", "CMYK", "YCbCr", "LAB", "HSV"):
        return {3: "RGB", 4: "RGBA"}.get(channels)
    return "RGBA" if channels == 4 and found in ("LA", "PA", "RGBA") else None
