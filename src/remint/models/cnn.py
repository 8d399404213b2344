"""The classic convolutional network for small images (LeCun et al. 1998, with ReLU, max-pooling and dropout)."""

from typing import Annotated, Literal

import torch
from pydantic import Field, PositiveInt
from torch import Tensor, nn

from remint.config.specs import ImageSpec, InputSpec, OutputSpec
from remint.errors import ConfigError
from remint.models.base import ModelConfig, initialise
from remint.models.layers import check_images, unit_pixels

Blocks = tuple[Annotated[tuple[PositiveInt, ...], Field(min_length=1)], ...]


class CNNConfig(ModelConfig):
    """Blocks of 3×3 convolutions with ReLU and a 2×2 max-pooling, a dense layer, the output.

    Of `dropout` = p, half of p is dropped after each pooling and p after the dense layer.
    """

    family: Literal["cnn"]
    blocks: Annotated[Blocks, Field(min_length=1)] = ((32, 64),)
    "Output channels of each convolution, by block; a 2×2 max-pooling ends each block."
    padding: Literal["valid", "same"] = "valid"
    "valid: a convolution takes a pixel off each side; same: zeros around the image keep its size."
    batch_norm: bool = False
    "Batch norm between each convolution, which then has no biases, and its ReLU (Ioffe and Szegedy 2015)."
    hidden: PositiveInt = 128
    "Width of the layer between the convolutions and the output."

    def build(self, inputs: InputSpec, outputs: OutputSpec) -> nn.Module:
        """Build the network.

        Raises ConfigError for inputs that are no images, or images too small for the convolutions.
        """
        images = check_images("cnn", inputs)
        self._check_size(images)
        network = CNN(images, self, outputs.size)
        initialise(network, self.initialisation)
        return network

    def side_after(self, side: int) -> int:
        """Give how many pixels of a height or width the blocks leave."""
        for block in self.blocks:
            side = (side - self._trimmed(block)) // 2
        return side

    def _check_size(self, inputs: ImageSpec) -> None:
        smallest = 1
        for block in reversed(self.blocks):
            smallest = 2 * smallest + self._trimmed(block)
        if min(inputs.height, inputs.width) < smallest:
            raise ConfigError(
                f"model.blocks asks for {sum(map(len, self.blocks))} convolutions and {len(self.blocks)} poolings of "
                f"images {inputs.height}×{inputs.width}; allowed: images from {smallest}×{smallest}, or fewer of them"
            )

    def _trimmed(self, block: tuple[int, ...]) -> int:
        return 2 * len(block) if self.padding == "valid" else 0


class CNN(nn.Module):
    """See `CNNConfig`. Takes `image` (N×C×H×W, 0–255), gives N×size."""

    def __init__(self, inputs: ImageSpec, config: CNNConfig, size: int) -> None:
        super().__init__()
        padding = 1 if config.padding == "same" else 0
        channels = [width for block in config.blocks for width in block]
        self.convolutions = nn.ModuleList(
            nn.Conv2d(before, after, kernel_size=3, padding=padding, bias=not config.batch_norm)
            for before, after in zip((inputs.channels, *channels[:-1]), channels, strict=True)
        )
        self.norms = nn.ModuleList(nn.BatchNorm2d(width) if config.batch_norm else nn.Identity() for width in channels)
        height, width = config.side_after(inputs.height), config.side_after(inputs.width)
        self.dense = nn.Linear(channels[-1] * height * width, config.hidden)
        self.output = nn.Linear(config.hidden, size)
        self.pool = nn.MaxPool2d(2)
        self.drop_pooled, self.drop_dense = nn.Dropout(config.dropout / 2), nn.Dropout(config.dropout)
        self._pooled_after = [index == len(block) - 1 for block in config.blocks for index in range(len(block))]

    def forward(self, batch: dict[str, Tensor]) -> Tensor:
        """Give the outputs, N×size."""
        x = unit_pixels(batch["image"], self.output.weight.dtype)
        for convolution, norm, pooled in zip(self.convolutions, self.norms, self._pooled_after, strict=True):
            x = torch.relu(norm(convolution(x)))
            if pooled:
                x = self.drop_pooled(self.pool(x))
        outputs: Tensor = self.output(self.drop_dense(torch.relu(self.dense(x.flatten(1)))))
        return outputs
