"""Linear and logistic regression."""

from typing import Literal

from torch import nn

from remint.config.specs import InputSpec, OutputSpec
from remint.models.base import ModelConfig, initialise
from remint.models.layers import flat_linear


class LinearConfig(ModelConfig):
    """One linear layer over a table, an image or a window of a series; dropout of its inputs.

    With a classification task it is multinomial logistic regression.
    """

    family: Literal["linear"]

    def build(self, inputs: InputSpec, outputs: OutputSpec) -> nn.Module:
        """Build the layer.

        Raises ConfigError for texts.
        """
        network = flat_linear(inputs, outputs.size, self.dropout)
        initialise(network, self.initialisation)
        return network
