import math

import pytest
import torch
from torch import Tensor, nn

from remint.models.base import initialise

SCHEMES = ["xavier", "kaiming", "normal", "orthogonal"]


def _matrices(layer: nn.Module) -> list[Tensor]:
    """Give what is drawn on its own: a weight, or that of each gate."""
    gates = {nn.LSTM: 4, nn.GRU: 3}.get(type(layer), 1)
    weights = [p.detach() for name, p in layer.named_parameters() if "weight" in name]
    return [matrix.flatten(1) for weight in weights for matrix in weight.chunk(gates)]


def _layers(scheme: str) -> list[nn.Module]:
    torch.manual_seed(5)
    network = nn.ModuleList(
        [
            nn.Linear(60, 40),
            nn.Conv1d(12, 30, 3),
            nn.Conv2d(8, 30, 3),
            nn.Embedding(200, 50),
            nn.LSTM(40, 50, num_layers=2, bidirectional=True),
            nn.GRU(40, 50),
            nn.RNN(40, 50),
        ]
    )
    initialise(network, scheme)
    return list(network)


def _fans(layer: nn.Module, matrix: Tensor) -> tuple[int, int]:
    """Give the inputs and the outputs of a weight: those of a convolution count each place of its kernel."""
    places = math.prod(layer.kernel_size) if isinstance(layer, nn.Conv1d | nn.Conv2d) else 1
    return matrix.shape[1], len(matrix) * places


@pytest.mark.parametrize("scheme", SCHEMES)
def test_biases_start_at_zero(scheme: str):
    for layer in _layers(scheme):
        assert all((p == 0).all() for name, p in layer.named_parameters() if "bias" in name)


@pytest.mark.parametrize("scheme", ["xavier", "kaiming", "normal"])
def test_weights_have_the_statistics_of_their_scheme(scheme: str):
    for layer in _layers(scheme):
        for matrix in _matrices(layer):
            fan_in, fan_out = _fans(layer, matrix)
            spread = {"xavier": math.sqrt(2 / (fan_in + fan_out)), "kaiming": math.sqrt(2 / fan_in), "normal": 0.02}[
                scheme
            ]
            # A sample's standard deviation over n draws is within about 3/sqrt(2n) of the true one.
            assert matrix.std().item() == pytest.approx(spread, rel=4 / math.sqrt(2 * matrix.numel()))
            assert abs(matrix.mean().item()) < 4 * spread / math.sqrt(matrix.numel())
            if scheme == "xavier":
                assert matrix.abs().max() <= math.sqrt(6 / (fan_in + fan_out))


def test_orthogonal_weights_have_orthonormal_rows_or_columns_gate_by_gate():
    for layer in _layers("orthogonal"):
        for matrix in _matrices(layer):
            short = matrix if matrix.shape[0] <= matrix.shape[1] else matrix.T
            torch.testing.assert_close(short @ short.T, torch.eye(len(short)), atol=1e-4, rtol=0)


def test_default_leaves_every_layer_as_it_was():
    torch.manual_seed(5)
    network = nn.Sequential(nn.Linear(3, 4), nn.Embedding(5, 6), nn.LSTM(3, 4))
    before = [p.clone() for p in network.parameters()]
    state = torch.get_rng_state()
    initialise(network, "default")
    assert all(torch.equal(old, new) for old, new in zip(before, network.parameters(), strict=True))
    assert torch.equal(torch.get_rng_state(), state)


@pytest.mark.parametrize("scheme", SCHEMES)
def test_normalisation_and_the_embedding_of_padding_stay(scheme: str):
    network = nn.ModuleList([nn.LayerNorm(5), nn.BatchNorm2d(5), nn.Embedding(9, 5, padding_idx=0)])
    initialise(network, scheme)
    assert (network[0].weight == 1).all()
    assert (network[1].weight == 1).all()
    assert (network[2].weight[0] == 0).all()
    assert (network[2].weight[1:] != 0).any()


def test_draws_come_from_the_global_generator():
    weights = []
    for seed in (1, 1, 2):
        layer = nn.GRU(4, 5)
        torch.manual_seed(seed)
        initialise(layer, "orthogonal")
        weights.append(torch.cat([p.flatten() for p in layer.parameters()]))
    assert torch.equal(weights[0], weights[1])
    assert not torch.equal(weights[0], weights[2])
