"""Characters of a text, each foretold from the few before it."""

from typing import Any

import numpy as np
from pydantic import PositiveInt

from remint.config.base import Config
from remint.config.specs import DataSpec, TokensSpec
from remint.data.prepared import Prepared
from remint.evaluation.estimators.base import Estimator, checked
from remint.evaluation.kneser_ney import KneserNey


class UnigramParameters(Config):
    """What a declaration of `constant` may set."""

    min_frequency: PositiveInt = 1
    "Characters that train holds less often are one unknown character, as in the tokenizer."


class Parameters(UnigramParameters):
    """What a declaration may set."""

    order: PositiveInt = 5
    "Characters of an n-gram, the foretold one included."


def takes(spec: DataSpec) -> bool:
    """Texts that are their own target."""
    return isinstance(spec.outputs, TokensSpec)


def build(key: tuple[str, ...], parameters: dict[str, Any], spec: DataSpec) -> Estimator:  # noqa: ARG001
    """See `Kind`."""
    options = checked(Parameters, key, parameters)
    return NGram(options.order, options.min_frequency)


def unigram(key: tuple[str, ...], parameters: dict[str, Any]) -> Estimator:
    """Foretell each character by how often it occurs."""
    return NGram(1, checked(UnigramParameters, key, parameters).min_frequency)


class NGram:
    """See `Estimator`."""

    def __init__(self, order: int, min_frequency: int) -> None:
        self._model = KneserNey(order, min_frequency)

    def fit(self, prepared: Prepared) -> None:
        """See `Estimator`."""
        self._model.fit(prepared.texts("train"))

    def predict(self, prepared: Prepared, split: str) -> dict[str, np.ndarray]:
        """Give `nats` (N): the negative log-likelihood of each text and of its end."""
        return {"nats": self._model.nats(prepared.texts(split))}
