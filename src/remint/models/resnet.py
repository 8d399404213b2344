"""The residual network for small images (He, Zhang, Ren and Sun 2016: "Deep residual learning for image recognition").

Its variant with batch norm and ReLU before each convolution is of the same authors' "Identity mappings in deep
residual networks" (2016).
"""

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import Field, PositiveInt, model_validator
from torch import Tensor, nn
from torch.nn import functional

from remint.config.specs import InputSpec, OutputSpec
from remint.models.base import ModelConfig, initialise
from remint.models.layers import ConvNorm, check_images, unit_pixels


class ResNetConfig(ModelConfig):
    """A 3×3 convolution, stages of residual blocks of two 3×3 convolutions, the mean over all places, the output.

    Every stage but the first halves height and width. Dropout is before the output.
    """

    family: Literal["resnet"]
    widths: Annotated[tuple[PositiveInt, ...], Field(min_length=1)] = (32, 64, 128)
    "Channels of each stage."
    blocks: PositiveInt = 2
    "Residual blocks of each stage."
    stride: Literal[1, 2] = 1
    "Of the first convolution; 2 halves height and width at once, which takes about a quarter of the time."
    activation: Literal["post", "pre"] = "post"
    "Batch norm and ReLU after each convolution, or before it."
    zero_last: bool = False
    "post: start the last batch norm of each block at zero, so that blocks start as identities (Goyal et al. 2017)."

    @model_validator(mode="after")
    def _can_start_at_zero(self) -> "ResNetConfig":
        if self.zero_last and self.activation == "pre":
            raise ValueError("zero_last is true with activation pre, whose blocks do not end in a batch norm")
        return self

    def build(self, inputs: InputSpec, outputs: OutputSpec) -> nn.Module:
        """Build the network.

        Raises ConfigError for inputs that are no images.
        """
        network = ResNet(check_images("resnet", inputs).channels, self, outputs.size)
        initialise(network, self.initialisation)
        return network


class ResNet(nn.Module):
    """See `ResNetConfig`. Takes `image` (N×C×H×W, 0–255), gives N×size."""

    def __init__(self, channels: int, config: ResNetConfig, size: int) -> None:
        super().__init__()
        pre, first, last = config.activation == "pre", config.widths[0], config.widths[-1]
        self.stem = _plain(channels, first, 3, config.stride) if pre else ConvNorm(channels, first, 3, config.stride)
        self.blocks = nn.Sequential(
            *(PreBlock(*shape) if pre else PostBlock(*shape, zero_last=config.zero_last) for shape in _shapes(config))
        )
        self.norm = nn.BatchNorm2d(last) if pre else None
        self.dropout = nn.Dropout(config.dropout)
        self.output = nn.Linear(last, size)

    def forward(self, batch: dict[str, Tensor]) -> Tensor:
        """Give the outputs, N×size."""
        x = self.blocks(self.stem(unit_pixels(batch["image"], self.output.weight.dtype)))
        if self.norm is not None:
            x = functional.relu(self.norm(x), inplace=True)
        outputs: Tensor = self.output(self.dropout(x.mean((2, 3))))
        return outputs


def _shapes(config: ResNetConfig) -> Iterator[tuple[int, int, int]]:
    """Give each block's channels before and after, and its stride."""
    before = config.widths[0]
    for stage, after in enumerate(config.widths):
        for index in range(config.blocks):
            yield before, after, 2 if stage > 0 and index == 0 else 1
            before = after


def _plain(before: int, after: int, kernel: int, stride: int = 1) -> nn.Conv2d:
    return nn.Conv2d(before, after, kernel, stride, padding=kernel // 2, bias=False)


class PostBlock(nn.Module):
    """ReLU(x + F(x)), where F is convolution, batch norm, ReLU, convolution, batch norm.

    Where F changes the shape, x goes through a 1×1 convolution and batch norm.
    """

    def __init__(self, before: int, after: int, stride: int, zero_last: bool) -> None:
        super().__init__()
        self.first = ConvNorm(before, after, 3, stride)
        self.second = ConvNorm(after, after, 3, relu=False)
        same = before == after and stride == 1
        self.shortcut = nn.Identity() if same else ConvNorm(before, after, 1, stride, relu=False)
        if zero_last:
            nn.init.zeros_(self.second.norm.weight)

    def forward(self, x: Tensor) -> Tensor:
        """Give the block's activations."""
        summed: Tensor = self.second(self.first(x)) + self.shortcut(x)
        return functional.relu(summed, inplace=True)


class PreBlock(nn.Module):
    """x + F(x), where F is batch norm, ReLU, convolution, twice.

    Where F changes the shape, F's first batch norm and ReLU, then a 1×1 convolution stand in for x.
    """

    def __init__(self, before: int, after: int, stride: int) -> None:
        super().__init__()
        self.norm = nn.BatchNorm2d(before)
        self.first = ConvNorm(before, after, 3, stride)
        self.second = _plain(after, after, 3)
        same = before == after and stride == 1
        self.shortcut = None if same else _plain(before, after, 1, stride)

    def forward(self, x: Tensor) -> Tensor:
        """Give the block's activations."""
        activated = functional.relu(self.norm(x), inplace=True)
        kept = x if self.shortcut is None else self.shortcut(activated)
        summed: Tensor = self.second(self.first(activated)) + kept
        return summed
