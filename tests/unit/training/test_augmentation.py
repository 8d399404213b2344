import math

import pytest
import torch
from torch import Tensor

from remint.config.experiment import AugmentationConfig
from remint.training.augmentation import augment

EVERYTHING = AugmentationConfig(flip=0.5, shift=2, rotation=15, scaling=0.1, cutout=4)


def _images(count: int = 8, channels: int = 3, height: int = 12, width: int = 10) -> Tensor:
    shape = (count, channels, height, width)
    return torch.randint(0, 256, shape, dtype=torch.uint8, generator=torch.Generator().manual_seed(0))


def _blobs(count: int, height: int, width: int, y: float, x: float) -> Tensor:
    """Give images of a soft round blob of full brightness at (y, x)."""
    rows, columns = torch.arange(height)[:, None], torch.arange(width)[None, :]
    blob = 255 * torch.exp(-((rows - y) ** 2 + (columns - x) ** 2) / 4)
    return blob.round().to(torch.uint8).expand(count, 1, height, width).contiguous()


def _centres(images: Tensor) -> tuple[Tensor, Tensor]:
    """Give each image's centre of brightness as (row, column)."""
    mass = images.float().sum((1, 2, 3))
    rows = (images.float().sum((1, 3)) * torch.arange(images.shape[2])).sum(1) / mass
    columns = (images.float().sum((1, 2)) * torch.arange(images.shape[3])).sum(1) / mass
    return rows, columns


def test_off_leaves_the_batch_and_the_generator_alone():
    images, before = _images(), torch.get_rng_state()
    assert augment(images, AugmentationConfig()) is images
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.parametrize(
    "key", [{"flip": 0.5}, {"shift": 2}, {"rotation": 10}, {"scaling": 0.1}, {"cutout": 3}, EVERYTHING.model_dump()]
)
def test_gives_new_float_images_of_the_same_shape_and_range(key: dict):
    images = _images()
    before = images.clone()
    torch.manual_seed(1)
    changed = augment(images, AugmentationConfig.model_validate(key))
    assert (changed.shape, changed.dtype) == (images.shape, torch.float32)
    assert changed.is_contiguous()
    assert changed.min() >= 0
    assert changed.max() <= 255.01
    assert not torch.equal(changed, images.float())
    assert torch.equal(images, before)


def test_the_same_seed_gives_the_same_bytes_and_each_image_its_own_draw():
    images = _images(1).expand(6, -1, -1, -1)
    results = []
    for seed in (5, 5, 6):
        torch.manual_seed(seed)
        results.append(augment(images, EVERYTHING))
    first, same, other = results
    assert torch.equal(first, same)
    assert not torch.equal(first, other)
    assert len({image.numpy().tobytes() for image in first}) == 6


def test_flip_is_left_right():
    images = _images()
    assert torch.equal(augment(images, AugmentationConfig(flip=1)), images.flip(3).float())


def test_flip_is_drawn_with_its_probability():
    images = _images(1, 1, 2, 3).expand(4000, -1, -1, -1)
    torch.manual_seed(0)
    flipped = (augment(images, AugmentationConfig(flip=0.2)) == images.flip(3)).flatten(1).all(1)
    assert flipped.float().mean().item() == pytest.approx(0.2, abs=0.02)


def test_changes_too_small_to_see_are_the_identity():
    images = _images()
    tiny = AugmentationConfig(shift=1e-7, rotation=1e-6, scaling=1e-7)
    torch.testing.assert_close(augment(images, tiny), images.float(), atol=0.01, rtol=0)


def test_shift_moves_by_at_most_so_many_pixels_each_way():
    torch.manual_seed(0)
    rows, columns = _centres(augment(_blobs(500, 24, 20, 11, 9), AugmentationConfig(shift=3)))
    for moved in (rows - 11, columns - 9):
        assert moved.abs().max() <= 3.05
        assert moved.min() < -2.5
        assert moved.max() > 2.5
    assert torch.corrcoef(torch.stack([rows, columns]))[0, 1].abs() < 0.2


def test_what_a_shift_brings_in_is_zero():
    torch.manual_seed(0)
    changed = augment(torch.full((50, 1, 8, 8), 200, dtype=torch.uint8), AugmentationConfig(shift=4))
    assert changed.flatten(1).min(dim=1).values.median() == 0
    assert changed.max() <= 200.01


@pytest.mark.parametrize(("height", "width"), [(25, 25), (33, 25), (25, 33)])
def test_rotation_turns_about_the_centre_and_keeps_distances(height: int, width: int):
    middle_y, middle_x = (height - 1) / 2, (width - 1) / 2
    torch.manual_seed(0)
    rows, columns = _centres(
        augment(_blobs(500, height, width, middle_y, middle_x + 6), AugmentationConfig(rotation=30))
    )
    radius = torch.hypot(rows - middle_y, columns - middle_x)
    assert (radius - 6).abs().max() < 0.1
    degrees = torch.atan2(rows - middle_y, columns - middle_x) * 180 / math.pi
    assert degrees.abs().max() <= 30.5
    assert degrees.min() < -27
    assert degrees.max() > 27


@pytest.mark.parametrize(("height", "width"), [(25, 33), (33, 25)])
def test_scaling_changes_both_sides_alike(height: int, width: int):
    middle_y, middle_x = (height - 1) / 2, (width - 1) / 2
    torch.manual_seed(0)
    images = _blobs(500, height, width, middle_y + 5, middle_x + 5)
    rows, columns = _centres(augment(images, AugmentationConfig(scaling=0.2)))
    factors = (rows - middle_y) / 5
    torch.testing.assert_close((columns - middle_x) / 5, factors, atol=0.02, rtol=0)
    assert factors.min() > 0.79
    assert factors.max() < 1.21
    assert factors.min() < 0.83
    assert factors.max() > 1.17


@pytest.mark.parametrize("side", [3, 4])
def test_cutout_zeroes_one_square(side: int):
    torch.manual_seed(0)
    zero = augment(torch.full((400, 2, 12, 10), 9, dtype=torch.uint8), AugmentationConfig(cutout=side)) == 0
    assert torch.equal(zero[:, 0], zero[:, 1])
    rows, columns = zero[:, 0].any(2), zero[:, 0].any(1)
    assert torch.equal(zero[:, 0], rows[:, :, None] & columns[:, None, :])
    for places in (rows, columns):
        assert places.sum(1).max() == side
        assert places.sum(1).min() >= (side + 1) // 2  # the centre is in the image, the rest may not be
        assert (places.int().diff(dim=1) != 0).sum(1).max() <= 2
    assert zero.any(0).all()
    inside = zero[:, 0].sum((1, 2)) == side * side
    assert inside.float().mean() > 0.4
