"""A network of inception blocks for small images.

The block is of Szegedy et al. 2015 ("Going deeper with convolutions"), with batch norm (Ioffe and Szegedy 2015) and two
3×3 convolutions in place of a 5×5 (Szegedy et al. 2016: "Rethinking the inception architecture").
"""

from typing import Annotated, Literal

import torch
from pydantic import Field, PositiveInt
from torch import Tensor, nn
from torch.nn import functional

from remint.config.specs import ImageSpec, InputSpec, OutputSpec
from remint.errors import ConfigError
from remint.models.base import ModelConfig, initialise
from remint.models.layers import ConvNorm, check_images, unit_pixels

Width = Annotated[int, Field(gt=0, multiple_of=8)]
Stages = tuple[Annotated[tuple[Width, ...], Field(min_length=1)], ...]


class InceptionConfig(ModelConfig):
    """A 3×3 convolution, stages of inception blocks, the mean over all places, the output.

    A 2×2 max-pooling is before each stage. Dropout is before the output.
    """

    family: Literal["inception"]
    stem: PositiveInt = 32
    "Channels of the first convolution."
    stages: Annotated[Stages, Field(min_length=1)] = ((64, 96), (128, 160))
    """Channels of each block, by stage, multiples of 8: a quarter from the 1×1 convolution, half from the 3×3, an
    eighth each from the 5×5 and from the pooling. The 3×3 reads 3/8 and the 5×5 1/8 as many as the block gives."""

    def build(self, inputs: InputSpec, outputs: OutputSpec) -> nn.Module:
        """Build the network.

        Raises ConfigError for inputs that are no images, or images too small for the poolings.
        """
        images = check_images("inception", inputs)
        self._check_size(images)
        network = Inception(images.channels, self, outputs.size)
        initialise(network, self.initialisation)
        return network

    def _check_size(self, inputs: ImageSpec) -> None:
        smallest = 2 ** len(self.stages)
        if min(inputs.height, inputs.width) < smallest:
            raise ConfigError(
                f"model.stages asks for {len(self.stages)} poolings of images {inputs.height}×{inputs.width}; "
                f"allowed: images from {smallest}×{smallest}, or fewer stages"
            )


class Inception(nn.Module):
    """See `InceptionConfig`. Takes `image` (N×C×H×W, 0–255), gives N×size."""

    def __init__(self, channels: int, config: InceptionConfig, size: int) -> None:
        super().__init__()
        self.stem = ConvNorm(channels, config.stem, 3)
        layers: list[nn.Module] = []
        width = config.stem
        for stage in config.stages:
            layers.append(nn.MaxPool2d(2))
            for after in stage:
                layers.append(InceptionBlock(width, after))
                width = after
        self.stages = nn.Sequential(*layers)
        self.dropout = nn.Dropout(config.dropout)
        self.output = nn.Linear(width, size)

    def forward(self, batch: dict[str, Tensor]) -> Tensor:
        """Give the outputs, N×size."""
        x = self.stages(self.stem(unit_pixels(batch["image"], self.output.weight.dtype)))
        outputs: Tensor = self.output(self.dropout(x.mean((2, 3))))
        return outputs


class InceptionBlock(nn.Module):
    """Side by side: 1×1; 1×1 and 3×3; 1×1 and 5×5; 3×3 max-pooling and 1×1. Takes N×before×H×W, gives N×after×H×W.

    The three 1×1 convolutions that read the block's inputs are one, whose channels are dealt out: the same in fewer
    passes over memory.
    """

    def __init__(self, before: int, after: int) -> None:
        super().__init__()
        eighth = after // 8
        self._dealt = [2 * eighth, 3 * eighth, eighth]
        self.pointwise = ConvNorm(before, 6 * eighth, 1)
        self.three = ConvNorm(3 * eighth, 4 * eighth, 3)
        self.five = nn.Sequential(ConvNorm(eighth, eighth, 3), ConvNorm(eighth, eighth, 3))
        self.pooled = ConvNorm(before, eighth, 1)

    def forward(self, x: Tensor) -> Tensor:
        """Give the block's activations."""
        one, three, five = self.pointwise(x).split(self._dealt, dim=1)
        pooled = functional.max_pool2d(x, 3, stride=1, padding=1)
        return torch.cat([one, self.three(three), self.five(five), self.pooled(pooled)], dim=1)
