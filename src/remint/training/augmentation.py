"""Random changes of the images of a training batch."""

import math

import torch
from torch import Tensor
from torch.nn import functional

from remint.config.experiment import AugmentationConfig


def augment(images: Tensor, config: AugmentationConfig) -> Tensor:
    """Give changed images (float32, B×C×H×W, 0–255) for a batch (uint8, B×C×H×W); itself where nothing is on.

    Every image is flipped, then rotated, scaled and shifted in one resampling (bilinear; zeros come in from outside),
    then loses its square. Draws from torch's global generator.
    """
    moved = config.shift > 0 or config.rotation > 0 or config.scaling > 0
    if not (moved or config.flip or config.cutout):
        return images
    if config.flip:
        images = _flip(images, config.flip)
    changed = images.float()
    if moved:
        changed = _resample(changed, _affine(len(images), config, images.shape[2], images.shape[3]))
    return _cut_out(changed, config.cutout) if config.cutout else changed


def _flip(images: Tensor, probability: float) -> Tensor:
    chosen = torch.rand(len(images), 1, 1, 1) < probability
    return torch.where(chosen, images.flip(3), images)


def _affine(count: int, config: AugmentationConfig, height: int, width: int) -> Tensor:
    """Draw the maps from places of the result to places of the image, B×2×3, in units of half a width and a height."""
    angle = _uniform(count, math.radians(config.rotation))
    factor = 1 + _uniform(count, config.scaling)
    right, down = _uniform(count, config.shift) * 2 / width, _uniform(count, config.shift) * 2 / height
    cosine, sine = angle.cos() / factor, angle.sin() / factor
    rows = [cosine, -sine * height / width, right, sine * width / height, cosine, down]
    return torch.stack(rows, dim=1).view(count, 2, 3)


def _uniform(count: int, largest: float) -> Tensor:
    return (2 * torch.rand(count) - 1) * largest


def _resample(images: Tensor, affine: Tensor) -> Tensor:
    grid = functional.affine_grid(affine, list(images.shape), align_corners=False)
    return functional.grid_sample(images, grid, mode="bilinear", padding_mode="zeros", align_corners=False)


def _cut_out(images: Tensor, side: int) -> Tensor:
    """Set a square to zero; its centre is anywhere in the image, so that part of it may lie outside."""
    count, _, height, width = images.shape
    rows, columns = _cut(count, height, side), _cut(count, width, side)
    return images.masked_fill(rows[:, None, :, None] & columns[:, None, None, :], 0.0)


def _cut(count: int, length: int, side: int) -> Tensor:
    first = torch.randint(length, (count, 1)) - side // 2
    places = torch.arange(length)
    return (places >= first) & (places < first + side)
