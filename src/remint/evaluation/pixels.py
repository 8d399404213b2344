"""Images as JSON."""

import base64
from collections.abc import Mapping
from typing import Any

import numpy as np

SIDE = 96
"Of an image that is shown, at most; of a larger one every second, third, … pixel."


def image(pixels: np.ndarray) -> dict[str, Any]:
    """Give an image (uint8, C×H×W) as JSON: its `shape`, and its bytes in C order as base64 text."""
    step = -(-max(pixels.shape[1:]) // SIDE)
    small = np.ascontiguousarray(pixels[:, ::step, ::step], dtype=np.uint8)
    return {"shape": list(small.shape), "pixels": base64.b64encode(small.tobytes()).decode("ascii")}


def pixels_of(shown: Mapping[str, Any]) -> np.ndarray:
    """Give the image back from what `image` made of it."""
    content = base64.b64decode(shown["pixels"])
    return np.frombuffer(content, dtype=np.uint8).reshape(shown["shape"])
