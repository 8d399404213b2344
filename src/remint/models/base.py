"""What every model family shares: its config's base, finding it by name, initialisation."""

import importlib
from abc import abstractmethod
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

import torch
from pydantic import Field
from torch import nn

from remint import paths
from remint.config.base import Config
from remint.config.load import validated
from remint.config.specs import DataSpec, InputSpec, OutputSpec
from remint.models.families import check_family
from remint.seeds import derive_seed

Initialisation = Literal["default", "xavier", "kaiming", "normal", "orthogonal"]


class ModelConfig(Config):
    """The base of a family's config: `experiments.NAME.model` of `params.yaml`."""

    family: str
    dropout: Annotated[float, Field(ge=0, lt=1)] = 0.0
    "Share of activations set to zero while training; where, the family tells."
    initialisation: Initialisation = "default"
    "Of all weights but a normalisation's; biases then start at zero. `default` is torch's own, or as the family tells."

    packages: ClassVar[tuple[str, ...]] = ()
    "Packages that the network needs beside torch; the fingerprint and the registered model name their versions."

    @abstractmethod
    def build(self, inputs: InputSpec, outputs: OutputSpec) -> nn.Module:
        """Build the network: `forward(batch)` takes a dict of arrays with N rows, gives N×outputs.size float32.

        Raises ConfigError where the family does not take such inputs.
        """

    def load_pretrained(self, network: nn.Module, folder: Path) -> None:
        """Load pretrained weights, from the files that a dataset keeps in `folder`, into a network as built.

        Most families have none. Raises DataError for weights that do not fit.
        """


def model_config(experiment: str, section: dict[str, Any]) -> ModelConfig:
    """Read an experiment's `model` section with the family that it names.

    Raises ConfigError.
    """
    name = section.get("family", "")
    check_family(experiment, name)
    module = importlib.import_module(f"remint.models.{name}")
    config_class = next(
        value
        for value in vars(module).values()
        if isinstance(value, type) and issubclass(value, ModelConfig) and value.__module__ == module.__name__
    )
    return validated(paths.PARAMS_FILE, ("experiments", experiment, "model"), config_class, section)


def build_network(config: ModelConfig, spec: DataSpec, seed: int) -> nn.Module:
    """Build a network for prepared data with weights drawn from `seed` alone; the global generator is left as it was.

    Raises ConfigError where the family does not take such inputs.
    """
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(derive_seed(seed, "weights"))
        return config.build(spec.inputs, spec.outputs)


def initialise(network: nn.Module, scheme: Initialisation) -> None:
    """Draw the weights of linear, convolutional, embedding and recurrent layers anew (see `draw`); zero their biases.

    The matrices of a recurrent layer's gates are drawn one by one; padding's embedding stays zero. `default`: all stay.
    """
    if scheme == "default":
        return
    for layer in network.modules():
        if isinstance(layer, nn.Linear | nn.Conv1d | nn.Conv2d | nn.Embedding | nn.RNNBase):
            for name, parameter in layer.named_parameters(recurse=False):
                if "bias" in name:
                    nn.init.zeros_(parameter)
                else:
                    # An LSTM stacks the matrices of 4 gates, a GRU those of 3, a plain network has 1.
                    for matrix in parameter.detach().chunk(_GATES.get(type(layer), 1)):
                        draw(matrix, scheme)
        if isinstance(layer, nn.Embedding) and layer.padding_idx is not None:
            nn.init.zeros_(layer.weight.detach()[layer.padding_idx])


_GATES: dict[type[nn.Module], int] = {nn.LSTM: 4, nn.GRU: 3}


def draw(weight: torch.Tensor, scheme: Initialisation) -> None:
    """Draw a weight of two or more dimensions anew from torch's global generator; `default` leaves it as it is.

    Xavier: Glorot and Bengio 2010, uniform. Kaiming: He et al. 2015, normal, fan-in, for ReLU. Normal: standard
    deviation 0.02. Orthogonal: Saxe et al. 2014.
    """
    schemes: dict[str, Callable[[torch.Tensor], object]] = {
        "default": lambda _: None,
        "xavier": nn.init.xavier_uniform_,
        "kaiming": lambda weight: nn.init.kaiming_normal_(weight, nonlinearity="relu"),
        "normal": lambda weight: nn.init.normal_(weight, std=0.02),
        "orthogonal": nn.init.orthogonal_,
    }
    schemes[scheme](weight)
