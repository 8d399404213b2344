"""What every model family shares: its config's base, finding it by name, initialisation."""

import importlib
from abc import abstractmethod
from collections.abc import Callable
from typing import Annotated, Any, Literal

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
    "Of the weights of linear and convolutional layers, whose biases then start at zero; `default` is torch's own."

    @abstractmethod
    def build(self, inputs: InputSpec, outputs: OutputSpec) -> nn.Module:
        """Build the network: `forward(batch)` takes a dict of arrays with N rows, gives N×outputs.size float32.

        Raises ConfigError where the family does not take such inputs.
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
    """Draw the weights of linear and convolutional layers anew from torch's global generator; zero their biases.

    Xavier: Glorot and Bengio 2010, uniform. Kaiming: He et al. 2015, normal, fan-in, for ReLU. Normal: standard
    deviation 0.02. Orthogonal: Saxe et al. 2014.
    """
    if scheme == "default":
        return
    schemes: dict[str, Callable[[torch.Tensor], object]] = {
        "xavier": nn.init.xavier_uniform_,
        "kaiming": lambda weight: nn.init.kaiming_normal_(weight, nonlinearity="relu"),
        "normal": lambda weight: nn.init.normal_(weight, std=0.02),
        "orthogonal": nn.init.orthogonal_,
    }
    for layer in network.modules():
        if isinstance(layer, nn.Linear | nn.Conv1d | nn.Conv2d):
            schemes[scheme](layer.weight)
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)
