"""Images of one size put into one array as they come, in any order."""

import numpy as np

from remint.errors import DataError


class ImageStack:
    """`count` images of one height and width; the first decides, and the widest number of channels wins."""

    def __init__(self, archive: str, count: int) -> None:
        self._archive = archive
        self._first = ""
        self._images: np.ndarray | None = None
        self._shapes = np.zeros((count, 3), dtype=np.int64)

    def put(self, row: int, file: str, image: np.ndarray | None) -> None:
        """Put an image (uint8, H×W×C) into its row; None: it did not decode.

        Raises DataError for another size than the first image's.
        """
        if image is None:
            return
        if self._images is None:
            self._first = file
            self._images = np.zeros((len(self._shapes), *image.shape), dtype=np.uint8)
        if image.shape[:2] != self._images.shape[1:3]:
            raise DataError(
                f"{self._archive}: {file} is {_size(image)}, but {self._first} is {_size(self._images[row])} "
                "(height × width); all images must be of one size"
            )
        channels = max(image.shape[2], self._images.shape[3])
        self._images = widened(self._images, channels)
        self._images[row] = widened(image, channels)
        self._shapes[row] = image.shape

    def found(self) -> dict[str, np.ndarray]:
        """Give a column `readable`, and `height`, `width`, `channels` as the files have them."""
        height, width, channels = self._shapes.T
        return {"readable": height > 0, "height": height, "width": width, "channels": channels}

    def images(self) -> np.ndarray:
        """Give uint8, N×H×W×C, zeros where a file did not decode.

        Raises DataError where none did.
        """
        if self._images is None:
            raise DataError(f"{self._archive}: none of its {len(self._shapes)} image files decodes")
        self._images[self._shapes[:, 0] == 0] = 0
        return self._images


def widened(images: np.ndarray, channels: int) -> np.ndarray:
    """Give images (…×C) 1, 3 or 4 channels: grey becomes three equal ones, a new alpha channel is opaque."""
    if images.shape[-1] == channels:
        return images
    colours = images if images.shape[-1] == 3 else np.repeat(images, 3, axis=-1)
    if channels == 3:
        return colours
    return np.concatenate([colours, np.full((*images.shape[:-1], 1), 255, dtype=np.uint8)], axis=-1)


def _size(image: np.ndarray) -> str:
    return f"{image.shape[0]}×{image.shape[1]}"
