"""What every kind of baseline offers."""

import importlib
import typing
from typing import Any, Protocol, TypeVar, cast

import numpy as np
from pydantic import ValidationError

from remint import paths
from remint.config.base import Config
from remint.config.dataset import BaselineConfig
from remint.config.messages import explain
from remint.config.specs import DataSpec
from remint.data.prepared import Prepared
from remint.errors import ConfigError

C = TypeVar("C", bound=Config)
KINDS: tuple[str, ...] = typing.get_args(BaselineConfig.model_fields["estimator"].annotation)
"Every kind that there is."


class Estimator(Protocol):
    """A cheap method that is fitted and scored; the same data gives the same bits."""

    def fit(self, prepared: Prepared) -> None:
        """Fit on the train split. Raises ConfigError for a parameter's value that cannot be used."""

    def predict(self, prepared: Prepared, split: str) -> dict[str, np.ndarray]:
        """Give for each row of a split what `compute_metrics` takes."""


class Kind(Protocol):
    """What a module of this package offers."""

    def takes(self, spec: DataSpec) -> bool:
        """Tell whether such data can be used."""

    def build(self, key: tuple[str, ...], parameters: dict[str, Any], spec: DataSpec) -> Estimator:
        """Give an estimator; `key` is where it is declared.

        Raises ConfigError for a parameter that it does not have.
        """


def build_estimator(dataset: str, name: str, config: BaselineConfig, spec: DataSpec) -> Estimator:
    """Build a dataset's baseline.

    Raises ConfigError for data that it is not made for and for a parameter that it does not have.
    """
    key = ("datasets", dataset, "baselines", name)
    kind = _kind(config.estimator)
    if not kind.takes(spec):
        allowed = ", ".join(f'"{other}"' for other in KINDS if _kind(other).takes(spec))
        raise ConfigError(f'{written(key)}.estimator is "{config.estimator}"; allowed for {_told(spec)}: {allowed}')
    return kind.build(key, config.parameters, spec)


def checked(options: type[C], key: tuple[str, ...], parameters: dict[str, Any]) -> C:
    """Read the parameters of a kind that declares them itself. Raises ConfigError."""
    try:
        return options.model_validate(parameters)
    except ValidationError as error:
        raise ConfigError(explain(str(paths.DATASETS_FILE), (*key, "parameters"), options, error)) from None


def written(key: tuple[str, ...]) -> str:
    """Give file and key as a message names them."""
    return f"{paths.DATASETS_FILE}: {'.'.join(key)}"


def _kind(name: str) -> Kind:
    module = importlib.import_module(f"remint.evaluation.estimators.{name.replace('-', '_')}")
    return cast(Kind, module)


def _told(spec: DataSpec) -> str:
    targets = {"classes": "classes", "number": "a number", "numbers": "the steps that follow", "tokens": "the text"}
    return f"modality {spec.inputs.modality} with {targets[spec.outputs.kind]} as target"
