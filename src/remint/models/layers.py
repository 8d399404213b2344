"""What several families begin with: from a batch to numbers, and to the width of the next layer."""

import torch
from torch import Tensor, nn
from torch.nn import functional

from remint.config.specs import ImageSpec, InputSpec, SeriesSpec, TabularSpec, TextSpec
from remint.errors import ConfigError

DENSE_UP_TO = 1024
"Inputs up to which one-hot rows and a matrix product stand in for looking rows up: quicker at 100, untried at 1,000."


class TabularLinear(nn.Module):
    """A linear layer over the numeric columns and the one-hot category codes; code 0, unseen in train, adds nothing.

    Takes `numeric` (N×F) and `codes` (N×K), gives N×width. `dropout` is of the inputs. With many categories the
    weights are looked up and summed instead, which is the same but for rounding.
    """

    starts: Tensor

    def __init__(self, inputs: TabularSpec, width: int, dropout: float = 0.0) -> None:
        super().__init__()
        sizes = torch.tensor([category.codes - 1 for category in inputs.categories], dtype=torch.int64)
        self.numeric, self.dropout = len(inputs.numeric), dropout
        self.linear = nn.Linear(self.numeric + int(sizes.sum()), width)
        self.register_buffer("starts", self.numeric + sizes.cumsum(0) - sizes - 1, persistent=False)

    def forward(self, batch: dict[str, Tensor]) -> Tensor:
        """Give the layer's outputs, N×width."""
        numeric, codes = batch["numeric"], batch["codes"]
        # An unseen value goes to a place of its own behind the last column.
        places = torch.where(codes > 0, codes + self.starts, self.linear.in_features)
        if self.linear.in_features <= DENSE_UP_TO:
            return self._product(numeric, places)
        if not places.shape[1]:
            kept = functional.dropout(numeric, self.dropout, self.training)
            return functional.linear(kept, self.linear.weight, self.linear.bias)
        return self._lookup(numeric, places)

    def _product(self, numeric: Tensor, places: Tensor) -> Tensor:
        rows = numeric.new_zeros(len(numeric), self.linear.in_features + 1)
        rows[:, : self.numeric] = numeric
        rows.scatter_(1, places, 1.0)
        kept = functional.dropout(rows[:, : self.linear.in_features], self.dropout, self.training)
        return functional.linear(kept, self.linear.weight, self.linear.bias)

    def _lookup(self, numeric: Tensor, places: Tensor) -> Tensor:
        seen = (places < self.linear.in_features).to(numeric.dtype)
        looked_up = functional.embedding_bag(
            places.clamp(max=self.linear.in_features - 1),
            self.linear.weight.t().contiguous(),
            mode="sum",
            per_sample_weights=functional.dropout(seen, self.dropout, self.training),
        )
        kept = functional.dropout(numeric, self.dropout, self.training)
        return functional.linear(kept, self.linear.weight[:, : self.numeric], self.linear.bias) + looked_up


class PixelLinear(nn.Module):
    """A linear layer over all pixels, scaled to 0…1. Takes `image` (uint8, N×C×H×W), gives N×width."""

    def __init__(self, inputs: ImageSpec, width: int, dropout: float = 0.0) -> None:
        super().__init__()
        self.dropout = dropout
        self.linear = nn.Linear(inputs.channels * inputs.height * inputs.width, width)

    def forward(self, batch: dict[str, Tensor]) -> Tensor:
        """Give the layer's outputs, N×width."""
        pixels = unit_pixels(batch["image"], self.linear.weight.dtype).flatten(1)
        kept = functional.dropout(pixels, self.dropout, self.training)
        return functional.linear(kept, self.linear.weight, self.linear.bias)


class HistoryLinear(nn.Module):
    """A linear layer over all steps of a window. Takes `history` (float32, N×history×F), gives N×width."""

    def __init__(self, inputs: SeriesSpec, width: int, dropout: float = 0.0) -> None:
        super().__init__()
        self.dropout = dropout
        self.linear = nn.Linear(inputs.history * len(inputs.features), width)

    def forward(self, batch: dict[str, Tensor]) -> Tensor:
        """Give the layer's outputs, N×width."""
        kept = functional.dropout(batch["history"].flatten(1), self.dropout, self.training)
        return functional.linear(kept, self.linear.weight, self.linear.bias)


def unit_pixels(image: Tensor, dtype: torch.dtype) -> Tensor:
    """Scale pixels from 0…255 (uint8, any shape) to 0…1."""
    return image.to(dtype) / 255


class ConvNorm(nn.Module):
    """A convolution without biases, then batch norm (Ioffe and Szegedy 2015), then ReLU unless told otherwise.

    Takes N×before×H×W, gives N×after×H'×W'; with stride 1 H' = H and W' = W, with stride s they are divided by s and
    rounded up.
    """

    def __init__(self, before: int, after: int, kernel: int, stride: int = 1, relu: bool = True) -> None:
        super().__init__()
        self.convolution = nn.Conv2d(before, after, kernel, stride, padding=kernel // 2, bias=False)
        self.norm = nn.BatchNorm2d(after)
        self.relu = relu

    def forward(self, x: Tensor) -> Tensor:
        """Give the activations."""
        x = self.norm(self.convolution(x))
        return functional.relu(x, inplace=True) if self.relu else x


def check_images(family: str, inputs: InputSpec) -> ImageSpec:
    """Give the spec back.

    Raises ConfigError where it is not of images.
    """
    if isinstance(inputs, ImageSpec):
        return inputs
    raise ConfigError(f'model.family "{family}" takes images, and the dataset\'s modality is "{inputs.modality}"')


def flat_linear(inputs: InputSpec, width: int, dropout: float = 0.0) -> nn.Module:
    """Give a linear layer over the whole of a batch's inputs.

    Raises ConfigError for texts, which are of no fixed size.
    """
    if isinstance(inputs, TextSpec):
        raise ConfigError(
            'model.family "linear" or "mlp" takes tables, images and series, not texts; '
            "allowed for texts: recurrent, transformer, bert (gpt to continue them)"
        )
    if isinstance(inputs, ImageSpec):
        return PixelLinear(inputs, width, dropout)
    if isinstance(inputs, SeriesSpec):
        return HistoryLinear(inputs, width, dropout)
    return TabularLinear(inputs, width, dropout)
