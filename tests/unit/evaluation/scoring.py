"""A prepared test split with what a network predicts of it."""

from typing import Any

import torch
from torch import nn

from remint.config.specs import TokensSpec
from remint.data.prepared import Prepared
from remint.data.rows import rows_of
from remint.evaluation.predict import predict
from remint.evaluation.scored import Scored
from remint.models.base import build_network, model_config
from tests.prepared import FAMILIES, task_of


def network_for(family: str, prepared: Prepared, **model: Any) -> nn.Module:
    """Build a small network of a family, its weights as they are drawn."""
    return build_network(model_config("test", {**FAMILIES[family], **model}), prepared.spec, seed=0).eval()


def score(network: nn.Module, prepared: Prepared) -> Scored:
    """Score the test split."""
    arrays, task = prepared.split("test"), task_of(prepared)
    target = arrays["characters"] if isinstance(prepared.spec.outputs, TokensSpec) else arrays["target"]
    predicted = predict(network, rows_of(arrays, prepared.spec), task)
    return Scored(task.name, prepared.spec, arrays, prepared.rows("test"), target, predicted)  # type: ignore[arg-type]


def zeroed(network: nn.Module) -> nn.Module:
    """Set all weights to zero, for some to be planted."""
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.zero_()
    return network
