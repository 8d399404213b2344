"""Linear and logistic regression."""

from typing import Literal

from torch import nn

from remint.config.specs import InputSpec, OutputSpec
from remint.models.base import ModelConfig, initialise
from remint.models.layers import flat_linear


class LinearConfig(ModelConfig):
    """One linear layer, dropout of its inputs. With a classification task it is multinomial logistic regression."""

    family: Literal["linear"]

    def build(self, inputs: InputSpec, outputs: OutputSpec) -> nn.Module:
        """Build the layer."""
        network = flat_linear(inputs, outputs.size, self.dropout)
        initialise(network, self.initialisation)
        return network
