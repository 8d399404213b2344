"""What is expected of images."""

from collections.abc import Iterator

from remint.config.dataset import ImageExpectations
from remint.validation import names, words
from remint.validation.expectation import Expectation, between, flag


def image_expectations(images: ImageExpectations) -> Iterator[Expectation]:
    """Give what is expected of each image: that it decodes, its shape, its pixels."""
    key = "expectations.images"
    yield flag(
        words.rarely("image file", "fails to decode", "fail to decode", images.unreadable),
        f"{key}.unreadable",
        names.READABLE,
        tolerance=images.unreadable,
        allowed=words.at_most(images.unreadable),
        shows=("readable",),
        label="readable",
    )
    yield from _shape(images)
    low, high = words.numbers(images.min, None), words.numbers(None, images.max)
    yield between(
        f"every pixel is {low}",
        f"{key}.min",
        names.DARKEST,
        images.min,
        None,
        allowed=low,
        label="darkest pixel",
        shows=(names.DARKEST,),
    )
    yield between(
        f"every pixel is {high}",
        f"{key}.max",
        names.BRIGHTEST,
        None,
        images.max,
        allowed=high,
        label="brightest pixel",
        shows=(names.BRIGHTEST,),
    )
    yield flag(
        words.rarely("image", "is blank", "are blank", images.blank),
        f"{key}.blank",
        names.VARIED,
        tolerance=images.blank,
        allowed=words.at_most(images.blank),
        shows=(names.DARKEST,),
        label="every pixel",
    )


def _shape(images: ImageExpectations) -> Iterator[Expectation]:
    shape = (
        ("height", images.height, names.HEIGHT, "is {} pixels high"),
        ("width", images.width, names.WIDTH, "is {} pixels wide"),
        ("channels", images.channels, names.CHANNELS, "has {} channels" if images.channels != 1 else "has {} channel"),
    )
    for name, size, column, words_for in shape:
        if size is not None:
            yield between(
                f"every image {words_for.format(size)}",
                f"expectations.images.{name}",
                column,
                size,
                size,
                allowed=str(size),
                shows=(column,),
                label=name,
            )
