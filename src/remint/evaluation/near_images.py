"""Images that show the same but for small changes of their pixels."""

import numpy as np

THREADS = 1
"Of the matrix product; fixed, since it can change which of two equally near images is found."
NEAR = 0.03
"Of the range of a pixel: the root mean square of the differences of near duplicates, at most; JPEG changes as much."
_SIDE = 8
"Blocks across and down."
_ROWS = 256
"Images at a time."


def near_images(images: np.ndarray, train: np.ndarray) -> np.ndarray:
    """Give for each image (uint8, N×C×H×W) a near duplicate in train (int64, N), -1 where none was found.

    Two images are near duplicates where the root mean square of the differences of their pixels is at most `NEAR` of
    the range. Of each image only the train image is tried that is nearest once both are averaged over 8×8 blocks. The
    distance of the averages is never larger than that of the pixels (Jensen's inequality), so that where no average is
    near, no image is.
    """
    from threadpoolctl import threadpool_limits

    found = np.full(len(images), -1)
    if not len(images) or not len(train):
        return found
    thumbnails, of_train = _thumbnails(images), _thumbnails(train)
    lengths = np.square(of_train).sum(axis=1)
    for start in range(0, len(images), _ROWS):
        part = thumbnails[start : start + _ROWS]
        with threadpool_limits(limits=THREADS):
            nearest = (lengths - 2 * part @ of_train.T).argmin(axis=1)
        apart = images[start : start + _ROWS].astype(np.int64) - train[nearest]
        squares = np.square(apart).mean(axis=(1, 2, 3))
        found[start : start + _ROWS] = np.where(squares <= (255 * NEAR) ** 2, nearest, -1)
    return found


def _thumbnails(images: np.ndarray) -> np.ndarray:
    """Give block averages times the root of the block's size (float32, N×D), so that distances can be compared."""
    sums = np.asarray(images).astype(np.float32)
    for axis in (2, 3):
        size = sums.shape[axis]
        starts = np.unique(np.linspace(0, size, min(size, _SIDE) + 1).astype(np.int64))
        blocks = np.sqrt(np.diff(starts).astype(np.float32))
        sums = np.add.reduceat(sums, starts[:-1], axis=axis)
        sums /= blocks[:, None] if axis == 2 else blocks
    return sums.reshape(len(sums), -1)
