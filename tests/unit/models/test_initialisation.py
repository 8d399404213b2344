import math

import pytest
import torch
from torch import nn

from remint.config.specs import ClassesSpec, DataSpec, ImageSpec
from remint.models.base import build_network, model_config

SPEC = DataSpec(inputs=ImageSpec(channels=1, height=28, width=28), outputs=ClassesSpec(classes=tuple("abcdefghij")))


def _layers(family: str, scheme: str) -> list[nn.Module]:
    config = model_config("x", {"family": family, "initialisation": scheme})
    return [m for m in build_network(config, SPEC, 3).modules() if isinstance(m, nn.Linear | nn.Conv2d)]


@pytest.mark.parametrize("family", ["linear", "mlp", "cnn"])
@pytest.mark.parametrize("scheme", ["xavier", "kaiming", "normal", "orthogonal"])
def test_biases_start_at_zero(family: str, scheme: str):
    for layer in _layers(family, scheme):
        assert (layer.bias == 0).all()


@pytest.mark.parametrize("family", ["linear", "mlp", "cnn"])
def test_the_weights_have_the_statistics_of_their_scheme(family: str):
    for scheme in ("xavier", "kaiming", "normal"):
        for layer in _layers(family, scheme):
            weight = layer.weight.detach()
            area = weight[0, 0].numel() if weight.ndim == 4 else 1
            fan_in, fan_out = weight.shape[1] * area, weight.shape[0] * area
            expected = {"xavier": math.sqrt(2 / (fan_in + fan_out)), "kaiming": math.sqrt(2 / fan_in), "normal": 0.02}
            # A sample's standard deviation over n draws is within about 3/sqrt(2n) of the true one.
            tolerance = 4 / math.sqrt(2 * weight.numel())
            assert weight.std().item() == pytest.approx(expected[scheme], rel=tolerance)
            assert abs(weight.mean().item()) < 4 * expected[scheme] / math.sqrt(weight.numel())
            if scheme == "xavier":
                assert weight.abs().max() <= math.sqrt(6 / (fan_in + fan_out))


@pytest.mark.parametrize("family", ["linear", "mlp", "cnn"])
def test_orthogonal_weights_have_orthonormal_rows_or_columns(family: str):
    for layer in _layers(family, "orthogonal"):
        matrix = layer.weight.detach().flatten(1)
        matrix = matrix if matrix.shape[0] <= matrix.shape[1] else matrix.T
        torch.testing.assert_close(matrix @ matrix.T, torch.eye(len(matrix)), atol=1e-4, rtol=0)


def test_default_is_torchs_own():
    for layer in _layers("mlp", "default"):
        bound = 1 / math.sqrt(layer.in_features)
        assert layer.weight.abs().max() <= bound
        assert layer.weight.std().item() == pytest.approx(bound / math.sqrt(3), rel=0.1)
        assert (layer.bias != 0).any()
