"""Images: they stay bytes; the network scales them."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from remint.config.dataset import SchemaConfig
from remint.config.preprocessing import ImagePreprocessing
from remint.config.specs import ImageSpec
from remint.data.raw import RawData
from remint.errors import DataError
from remint.preprocessing.base import Preprocessor


@dataclass(frozen=True)
class ImagePreprocessor(Preprocessor):
    """See `remint.preprocessing.base.Preprocessor`; takes uint8 images, N×H×W or N×H×W×C."""

    channels: int
    height: int
    width: int

    @property
    def spec(self) -> ImageSpec:
        """What `transform` gives."""
        return ImageSpec(channels=self.channels, height=self.height, width=self.width)

    def transform(self, inputs: np.ndarray) -> dict[str, np.ndarray]:
        """Give `image` (uint8, N×C×H×W).

        Raises DataError for another shape or type.
        """
        images = np.asarray(inputs)
        if images.ndim == 3 and self.channels == 1:
            images = images[..., None]
        wanted = (self.height, self.width, self.channels)
        if images.dtype != np.uint8 or images.shape[1:] != wanted:
            shape = "×".join(map(str, images.shape))
            raise DataError(f"images are {images.dtype} {shape}; allowed: uint8 N×{'×'.join(map(str, wanted))}")
        # A copy has plain strides; torch would take the view of a single channel for channels-last, whose bits differ.
        return {"image": images.transpose(0, 3, 1, 2).copy(order="C")}

    def inputs_of(self, raw: RawData) -> np.ndarray:
        """Give the images."""
        assert raw.images is not None
        return raw.images

    def usable(self, raw: RawData, _splits: np.ndarray) -> np.ndarray:
        """Tell which files decoded."""
        if "readable" not in raw.rows.columns:
            return np.ones(len(raw.rows), dtype=bool)
        return raw.rows["readable"].to_numpy(dtype=bool)

    def state(self) -> dict[str, Any]:
        """Give the shape, as JSON."""
        return {"modality": "image", **self.spec.model_dump(exclude={"modality"})}


def fit(raw: RawData, _train: np.ndarray, _schema: SchemaConfig, _options: ImagePreprocessing) -> ImagePreprocessor:
    """Take the shape of the images; nothing is fitted to their content.

    Raises DataError where the dataset holds no images.
    """
    if raw.images is None:
        raise DataError("modality is image, but the raw data holds no images; allowed: a format that gives images")
    _, height, width, channels = raw.images.shape
    return ImagePreprocessor(channels, height, width)


def load(state: dict[str, Any]) -> ImagePreprocessor:
    """Give the preprocessor back from its state."""
    return ImagePreprocessor(state["channels"], state["height"], state["width"])
