"""Images from files and messages, as the model takes them."""

import base64
import binascii
import io
from typing import Any

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


def images_of(form: str, given: Any, shape: tuple[int, int, int]) -> np.ndarray:
    """Take images, as nested arrays of whole numbers 0…255 (N×H×W×C, or N×H×W of one channel) or `{"b64": …}` each."""
    if not isinstance(given, list):
        raise DataError(f"{form} is no array; allowed: an array of images")
    if not given:
        return np.zeros((0, *shape), dtype=np.uint8)
    return np.stack([_image(f"{form}, row {row},", image, shape) for row, image in enumerate(given)])


def _image(what: str, given: Any, shape: tuple[int, int, int]) -> np.ndarray:
    if isinstance(given, dict):
        if list(given) != ["b64"] or not isinstance(given["b64"], str):
            raise DataError(f'{what} is an object; allowed: {{"b64": an encoded image file}}')
        try:
            content = base64.b64decode(given["b64"], validate=True)
        except (binascii.Error, ValueError):
            raise DataError(f"{what} is not of base64") from None
        return decoded(what, content, shape)
    wanted = "×".join(map(str, shape))
    try:
        pixels = np.array(given)
    except (ValueError, OverflowError):
        raise DataError(f"{what} is no even array of numbers; allowed: {wanted}") from None
    if pixels.ndim == 2 and shape[2] == 1:
        pixels = pixels[:, :, np.newaxis]
    if pixels.shape != shape:
        raise DataError(f"{what} has the shape {'×'.join(map(str, pixels.shape))}; allowed: {wanted}")
    if pixels.dtype.kind not in "iu" or (pixels < 0).any() or (pixels > 255).any():
        raise DataError(f"{what} has values that are no pixels; allowed: whole numbers 0 to 255")
    return pixels.astype(np.uint8)


def _mode(found: str, channels: int) -> str | None:
    """Give Pillow's mode to convert to, None where colour would be lost."""
    if found in ("1", "L"):
        return {1: "L", 3: "RGB", 4: "RGBA"}.get(channels)
    if found in ("RGB", "P", "CMYK", "YCbCr", "LAB", "HSV"):
        return {3: "RGB", 4: "RGBA"}.get(channels)
    return "RGBA" if channels == 4 and found in ("LA", "PA", "RGBA") else None
