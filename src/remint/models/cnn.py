"""The classic convolutional network for small images (LeCun et al. 1998, with ReLU, max-pooling and dropout)."""

from typing import Annotated, Literal

import torch
from pydantic import Field, PositiveInt
from torch import Tensor, nn

from remint.config.specs import ImageSpec, InputSpec, OutputSpec
from remint.errors import ConfigError
from remint.models.base import ModelConfig, initialise
from remint.models.layers import unit_pixels


class CNNConfig(ModelConfig):
    """3×3 convolutions with ReLU, a 2×2 max-pooling, a dense layer; dropout after the pooling and the dense layer.

    Of `dropout` = p, half of p is dropped after the pooling and p after the dense layer.
    """

    family: Literal["cnn"]
    channels: Annotated[tuple[PositiveInt, ...], Field(min_length=1)] = (32, 64)
    "Output channels of each convolution; a 2×2 max-pooling follows the last."
    hidden: PositiveInt = 128
    "Width of the layer between the convolutions and the output."

    def build(self, inputs: InputSpec, outputs: OutputSpec) -> nn.Module:
        """Build the network.

        Raises ConfigError for inputs that are no images, or images too small for the convolutions.
        """
        if not isinstance(inputs, ImageSpec):
            raise ConfigError('model.family "cnn" takes images; allowed for a table: linear, mlp')
        smallest = 2 * len(self.channels) + 2
        if min(inputs.height, inputs.width) < smallest:
            raise ConfigError(
                f"model.channels asks for {len(self.channels)} convolutions of images "
                f"{inputs.height}×{inputs.width}; allowed: images from {smallest}×{smallest}, or fewer convolutions"
            )
        network = CNN(inputs, self.channels, self.hidden, outputs.size, self.dropout)
        initialise(network, self.initialisation)
        return network


class CNN(nn.Module):
    """See `CNNConfig`. Takes `image` (uint8, N×C×H×W), gives N×size."""

    def __init__(self, inputs: ImageSpec, channels: tuple[int, ...], hidden: int, size: int, dropout: float) -> None:
        super().__init__()
        before = (inputs.channels, *channels[:-1])
        convolutions = [nn.Conv2d(a, b, kernel_size=3) for a, b in zip(before, channels, strict=True)]
        self.convolutions = nn.ModuleList(convolutions)
        height, width = ((side - 2 * len(channels)) // 2 for side in (inputs.height, inputs.width))
        self.dense = nn.Linear(channels[-1] * height * width, hidden)
        self.output = nn.Linear(hidden, size)
        self.pool = nn.MaxPool2d(2)
        self.drop_pooled, self.drop_dense = nn.Dropout(dropout / 2), nn.Dropout(dropout)

    def forward(self, batch: dict[str, Tensor]) -> Tensor:
        """Give the outputs, N×size."""
        x = unit_pixels(batch["image"], self.output.weight.dtype)
        for convolution in self.convolutions:
            x = torch.relu(convolution(x))
        x = self.drop_pooled(self.pool(x)).flatten(1)
        outputs: Tensor = self.output(self.drop_dense(torch.relu(self.dense(x))))
        return outputs
