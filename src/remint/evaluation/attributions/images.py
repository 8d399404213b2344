"""Images: heat maps of the pixels that a prediction rests on."""

import base64
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from remint.evaluation.attributions.chosen import answer, labels, rounded, shown_rows
from remint.evaluation.attributions.outputs import explained, integrated_gradients, missed_share, scores
from remint.evaluation.pixels import SIDE, image
from remint.evaluation.scored import Scored

WORST, EVEN = 8, 8
"Images that are shown: of the largest loss, and evenly chosen."
STEPS = 64
"Between black and the image."
METHOD = "integrated gradients from a black image (Sundararajan et al. 2017), channels summed up"


def image_attributions(network: nn.Module, scored: Scored) -> dict[str, Any]:
    """Give images, each with a `heat` map: positive where a pixel speaks for what is predicted.

    `missed` is the share of the scores' differences that the maps do not sum up to.
    """
    worst, even = shown_rows(scored, WORST, EVEN)
    index = np.concatenate([worst, even])

    def score(pixels: Tensor, label: Tensor) -> Tensor:
        return scores(network({"image": pixels}), label, scored.spec.outputs)

    pixels = torch.from_numpy(scored.arrays["image"][index]).float()
    label = torch.from_numpy(labels(scored, index))
    attributed = integrated_gradients(score, (pixels,), (torch.zeros_like(pixels),), label, STEPS)
    maps = attributed.parts[0].double().sum(dim=1).numpy()
    shown = [
        {**answer(scored, int(i)), "image": image(scored.arrays["image"][i]), "heat": heat(heat_map)}
        for i, heat_map in zip(index, maps, strict=True)
    ]
    return {
        "kind": "images",
        "method": METHOD,
        "of": explained(scored.spec.outputs),
        "missed": rounded(missed_share([attributed])),
        "worst": shown[: len(worst)],
        "examples": shown[len(worst) :],
    }


def heat(values: np.ndarray) -> dict[str, Any]:
    """Give a map (H×W) as JSON: its `shape`, `values` as bytes −127…127 in base64 text, and `scale`: what 127 means.

    The map is as large as `remint.evaluation.pixels.image` makes the image; what is left out is added to what stays.
    """
    step = -(-max(values.shape) // SIDE)
    rows = np.add.reduceat(values, np.arange(0, values.shape[0], step), axis=0)
    small = np.add.reduceat(rows, np.arange(0, values.shape[1], step), axis=1)
    scale = float(np.abs(small).max())
    signed = np.rint(small / (scale or 1.0) * 127).astype(np.int8)
    content = base64.b64encode(np.ascontiguousarray(signed).tobytes()).decode("ascii")
    return {"shape": list(small.shape), "values": content, "scale": rounded(scale)}


def heat_of(shown: dict[str, Any]) -> np.ndarray:
    """Give the map (float64, H×W) back from what `heat` made of it."""
    signed = np.frombuffer(base64.b64decode(shown["values"]), dtype=np.int8).reshape(shown["shape"])
    values: np.ndarray = signed * (shown["scale"] / 127)
    return values
