"""The multi-layer perceptron."""

from typing import Annotated, Literal

from pydantic import Field, PositiveInt
from torch import nn

from remint.config.specs import InputSpec, OutputSpec
from remint.models.base import ModelConfig, initialise
from remint.models.layers import flat_linear


class MLPConfig(ModelConfig):
    """Hidden layers with ReLU over a table, an image or a window of a series, each with dropout; a linear output."""

    family: Literal["mlp"]
    hidden: Annotated[tuple[PositiveInt, ...], Field(min_length=1)] = (128, 64)
    "Width of each hidden layer."

    def build(self, inputs: InputSpec, outputs: OutputSpec) -> nn.Module:
        """Build the network.

        Raises ConfigError for texts.
        """
        layers: list[nn.Module] = [flat_linear(inputs, self.hidden[0])]
        for width, following in zip(self.hidden, (*self.hidden[1:], outputs.size), strict=True):
            layers += [nn.ReLU(), nn.Dropout(self.dropout), nn.Linear(width, following)]
        network = nn.Sequential(*layers)
        initialise(network, self.initialisation)
        return network
