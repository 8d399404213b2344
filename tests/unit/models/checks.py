"""What holds of every network for sequences."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from remint.config.specs import BEGIN, END, DataSpec, InputSpec, OutputSpec
from remint.determinism import deterministic
from remint.models.base import build_network, model_config
from remint.models.store import load_network, save_network

Batch = dict[str, Tensor]


def build(section: dict[str, Any], inputs: InputSpec, outputs: OutputSpec, seed: int = 1) -> nn.Module:
    """Build a network as `train` does, in evaluation mode."""
    return build_network(model_config("x", section), DataSpec(inputs=inputs, outputs=outputs), seed).eval()


def texts(lengths: list[int], vocabulary: int, seed: int = 0) -> Tensor:
    """Draw texts of these lengths, BEGIN and END included: int64, N×longest, right-padded."""
    generator = torch.Generator().manual_seed(seed)
    tokens = torch.zeros(len(lengths), max(lengths), dtype=torch.int64)
    for row, length in enumerate(lengths):
        tokens[row, :length] = torch.randint(END + 1, vocabulary, (length,), generator=generator)
        tokens[row, 0], tokens[row, length - 1] = BEGIN, END
    return tokens


def padded(tokens: Tensor, more: int) -> Tensor:
    """Fill up with so many more tokens of padding."""
    return torch.cat([tokens, tokens.new_zeros(len(tokens), more)], dim=1)


def permuting_the_batch_permutes_the_outputs(network: nn.Module, batch: Batch) -> None:
    """Check it."""
    size = len(next(iter(batch.values())))
    order = torch.randperm(size, generator=torch.Generator().manual_seed(4))
    with torch.no_grad():
        permuted = network({name: rows[order] for name, rows in batch.items()})
        torch.testing.assert_close(permuted, network(batch)[order], atol=1e-5, rtol=1e-5)


def loading_gives_the_same_bits(folder: Path, section: dict[str, Any], spec: DataSpec, task: str, batch: Batch) -> None:
    """Check the weights and the outputs."""
    network = build(section, spec.inputs, spec.outputs, seed=7)
    save_network(folder, network.state_dict(), task, section, spec)
    loaded, _, _ = load_network(folder)
    assert all(torch.equal(loaded.state_dict()[name], weight) for name, weight in network.state_dict().items())
    with torch.no_grad(), deterministic(1):
        assert torch.equal(loaded(batch), network(batch))


def training_overfits(
    network: nn.Module, batch: Batch, loss: Callable[[Tensor], Tensor], steps: int = 60, lr: float = 0.01
) -> float:
    """Train on one batch; give the loss after the last step, in evaluation mode."""
    optimizer = torch.optim.Adam(network.train().parameters(), lr=lr)
    torch.manual_seed(0)
    with deterministic(1):
        for _ in range(steps):
            optimizer.zero_grad()
            loss(network(batch)).backward()
            optimizer.step()
        with torch.no_grad():
            return loss(network.eval()(batch)).item()


def one_step(build_again: Callable[[], nn.Module], batch: Batch) -> Tensor:
    """Give all gradients of a sum of squares, dropout drawn from a fixed seed, of a network built anew."""
    network = build_again().train()
    with deterministic(1):
        torch.manual_seed(3)
        network(batch).float().square().sum().backward()
    return torch.cat([parameter.grad.flatten() for parameter in network.parameters()])
