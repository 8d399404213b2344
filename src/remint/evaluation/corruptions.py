"""Corruptions of prepared inputs: what a served input may suffer, in a strength that can be told."""

import math
from collections.abc import Callable, Mapping

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from remint.determinism import deterministic

THREADS = 1
"Of one operation; fixed, so that the same corruption gives the same bits."
_DIRECTIONS = ((1, 0), (0, 1), (-1, 0), (0, -1))
"Right, down, left, up."

Arrays = dict[str, np.ndarray]


def corrupt_image(name: str, image: np.ndarray, level: float, random: np.random.Generator) -> np.ndarray:
    """Give images (uint8, N×C×H×W) that suffered `noise`, `blur`, `shift`, `rotation` or `brightness`.

    Levels as `EvaluationConfig.corruptions` tells. Each image is shifted in one of four directions, and turned in one
    of two, that are drawn; what comes in over an edge repeats that edge's pixels.
    """
    changed = _IMAGES[name](image.astype(np.float32), level, random)
    corrupted: np.ndarray = np.clip(changed, 0, 255).round().astype(np.uint8)
    return corrupted


def corrupt_table(
    name: str,
    arrays: Mapping[str, np.ndarray],
    level: float,
    random: np.random.Generator,
    blank: Mapping[str, np.ndarray],
) -> Arrays:
    """Give a table's arrays with `noise` in the numeric columns, or with a share of all values `missing`.

    `blank` holds the one row (1×F, 1×K) that the preprocessor makes of a row without any value: what stands in for a
    missing value when it is served.
    """
    numeric, codes = arrays["numeric"], arrays["codes"]
    if name == "noise":
        noise = level * random.standard_normal(numeric.shape)
        return {**arrays, "numeric": (numeric + noise).astype(np.float32)}
    lost = random.random((len(numeric), numeric.shape[1] + codes.shape[1])) < level
    of_numeric, of_codes = lost[:, : numeric.shape[1]], lost[:, numeric.shape[1] :]
    numeric = np.where(of_numeric, blank["numeric"], numeric)
    return {**arrays, "numeric": numeric, "codes": np.where(of_codes, blank["codes"], codes)}


def corrupt_series(
    name: str, series: np.ndarray, level: float, random: np.random.Generator, measured: int
) -> np.ndarray:
    """Give a standardised series (float32, T×F) with `noise`, or a share of its steps `missing`.

    The first `measured` features are measured and suffer; the others are the calendar's. A missing step holds the last
    one before that is there.
    """
    changed = series.copy()
    if name == "noise":
        changed[:, :measured] += (level * random.standard_normal((len(series), measured))).astype(np.float32)
        return changed
    there = random.random(len(series)) >= level
    there[:1] = True
    last = np.maximum.accumulate(np.where(there, np.arange(len(series)), 0))
    changed[:, :measured] = series[last, :measured]
    return changed


def _noise(image: np.ndarray, level: float, random: np.random.Generator) -> np.ndarray:
    noise: np.ndarray = random.standard_normal(image.shape, dtype=np.float32)
    return image + np.float32(255 * level) * noise


def _blur(image: np.ndarray, level: float, random: np.random.Generator) -> np.ndarray:  # noqa: ARG001
    from scipy.ndimage import gaussian_filter

    blurred: np.ndarray = gaussian_filter(image, sigma=(0, 0, level, level), mode="nearest")
    return blurred


def _shift(image: np.ndarray, level: float, random: np.random.Generator) -> np.ndarray:
    height, width = image.shape[2:]
    drawn = np.array(_DIRECTIONS)[random.integers(len(_DIRECTIONS), size=len(image))]
    maps = np.zeros((len(image), 2, 3))
    maps[:, 0, 0] = maps[:, 1, 1] = 1
    # A map leads from a place of the result to one of the image, in units of half a width or height.
    maps[:, :, 2] = -level * drawn * (2 / width, 2 / height)
    return _resampled(image, maps)


def _rotation(image: np.ndarray, level: float, random: np.random.Generator) -> np.ndarray:
    height, width = image.shape[2:]
    angle = math.radians(level) * random.choice((-1.0, 1.0), size=len(image))
    maps = np.zeros((len(image), 2, 3))
    maps[:, 0, 0] = maps[:, 1, 1] = np.cos(angle)
    maps[:, 0, 1], maps[:, 1, 0] = -np.sin(angle) * height / width, np.sin(angle) * width / height
    return _resampled(image, maps)


def _brightness(image: np.ndarray, level: float, random: np.random.Generator) -> np.ndarray:  # noqa: ARG001
    return image * np.float32(level)


def _resampled(image: np.ndarray, maps: np.ndarray) -> np.ndarray:
    affine: Tensor = torch.from_numpy(maps.astype(np.float32))
    with deterministic(THREADS), torch.inference_mode():
        grid = functional.affine_grid(affine, list(image.shape), align_corners=False)
        moved = functional.grid_sample(torch.from_numpy(image), grid, padding_mode="border", align_corners=False)
    return moved.numpy()


_IMAGES: dict[str, Callable[[np.ndarray, float, np.random.Generator], np.ndarray]] = {
    "noise": _noise,
    "blur": _blur,
    "shift": _shift,
    "rotation": _rotation,
    "brightness": _brightness,
}
