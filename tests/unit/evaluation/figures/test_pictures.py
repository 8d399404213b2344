import numpy as np
import pytest

from remint.evaluation.figures.pictures import image_grid
from remint.evaluation.pixels import SIDE, image, pixels_of


def _sample(channels: int, prediction: str) -> dict:
    pixels = np.arange(channels * 48, dtype=np.uint8).reshape(channels, 6, 8)
    return {"row": 3, "target": "coat", "prediction": prediction, "probability": 0.9, "image": image(pixels)}


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("mistakes", [0, 1, 12])
def test_images_with_what_they_are_taken_for(channels: int, mistakes: int) -> None:
    shown = {"mistakes": [_sample(channels, "bag")] * mistakes, "examples": [_sample(channels, "coat")] * 7}
    figure = image_grid(shown)
    figure.canvas.draw()
    titles = [axis.get_title() for axis in figure.axes if axis.images]
    assert titles == ["bag 0.90\nis coat"] * mistakes + ["coat 0.90"] * 7


def test_pixels_survive_and_large_images_are_thinned() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (3, 20, 30)).astype(np.uint8)
    np.testing.assert_array_equal(pixels_of(image(pixels)), pixels)
    large = np.zeros((1, 300, 200), dtype=np.uint8)
    assert image(large)["shape"] == [1, 75, 50]
    assert max(image(large)["shape"]) <= SIDE
