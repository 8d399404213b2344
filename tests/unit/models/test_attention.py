import math

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from remint.determinism import deterministic
from remint.models.attention import Block, Blocks, SelfAttention, attend, sinusoids

HEADS, WIDTH = 4, 16


def _reference(attention: SelfAttention, x: Tensor, allowed: Tensor) -> Tensor:
    """Attention as the paper writes it, a head at a time; `allowed` is B×L×L."""
    query, key, value = (
        functional.linear(x, layer.weight, layer.bias) for layer in (attention.query, attention.key, attention.value)
    )
    size, heads = WIDTH // HEADS, []
    for head in range(HEADS):
        part = slice(head * size, (head + 1) * size)
        scores = query[:, :, part] @ key[:, :, part].transpose(1, 2) / math.sqrt(size)
        weights = scores.masked_fill(~allowed, -torch.inf).exp()
        heads.append(weights / weights.sum(-1, keepdim=True) @ value[:, :, part])
    return functional.linear(torch.cat(heads, dim=-1), attention.output.weight, attention.output.bias)


def _inputs(dtype: torch.dtype = torch.float64) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(3)
    x = torch.randn(5, 7, WIDTH, dtype=dtype, generator=generator)
    return x, torch.arange(7) < torch.tensor([7, 3, 1, 6, 2])[:, None]


def _attention(dtype: torch.dtype = torch.float64) -> SelfAttention:
    torch.manual_seed(1)
    return SelfAttention(WIDTH, HEADS).to(dtype)


def _gradients(attention: SelfAttention, outputs: Tensor, x: Tensor) -> list[Tensor]:
    target = torch.randn(outputs.shape, dtype=outputs.dtype, generator=torch.Generator().manual_seed(9))
    return list(torch.autograd.grad((outputs - target).square().sum(), [x, *attention.parameters()]))


@pytest.mark.parametrize("kind", ["all", "masked", "causal"])
def test_outputs_and_gradients_are_those_of_the_formula(kind: str):
    attention, (x, mask) = _attention(), _inputs()
    x.requires_grad_()
    allowed = torch.ones(5, 7, 7, dtype=torch.bool)
    if kind == "masked":
        allowed = allowed & mask[:, None, :]
    if kind == "causal":
        allowed = allowed.tril()
    with deterministic(1):
        found = attention(x, mask if kind == "masked" else None, causal=kind == "causal")
        expected = _reference(attention, x, allowed)
        torch.testing.assert_close(found, expected, atol=1e-6, rtol=0)
        pairs = zip(_gradients(attention, found, x), _gradients(attention, expected, x), strict=True)
        for gradient, reference in pairs:
            torch.testing.assert_close(gradient, reference, atol=1e-6, rtol=0)


def test_gradients_are_those_of_finite_differences():
    generator = torch.Generator().manual_seed(0)
    query, key, value = (
        torch.randn(2, 2, 3, 4, dtype=torch.float64, generator=generator, requires_grad=True) for _ in range(3)
    )
    mask = torch.tensor([[True, True, False], [True, True, True]])
    assert torch.autograd.gradcheck(lambda *qkv: attend(*qkv, mask=mask), (query, key, value))
    assert torch.autograd.gradcheck(lambda *qkv: attend(*qkv, causal=True), (query, key, value))


@pytest.mark.parametrize("kind", ["all", "masked", "causal"])
def test_weights_have_rows_of_sum_1_and_give_the_outputs(kind: str):
    attention, (x, mask) = _attention(), _inputs()
    options = {"mask": mask if kind == "masked" else None, "causal": kind == "causal"}
    weights = attention.weights(x, **options)
    assert weights.shape == (5, HEADS, 7, 7)
    torch.testing.assert_close(weights.sum(-1), torch.ones(5, HEADS, 7, dtype=torch.float64))
    value = attention.value(x).view(5, 7, HEADS, -1).transpose(1, 2)
    outputs = attention.output((weights @ value).transpose(1, 2).flatten(2))
    torch.testing.assert_close(outputs, attention(x, **options), atol=1e-12, rtol=0)
    if kind == "masked":
        assert (weights.transpose(1, 3)[~mask] == 0).all()
    if kind == "causal":
        assert (weights.triu(diagonal=1) == 0).all()


def test_a_masked_position_changes_nothing_and_gets_no_gradient():
    attention, (x, mask) = _attention(), _inputs()
    other = torch.where(mask[:, :, None], x, torch.randn_like(x) * 100).requires_grad_()
    before, after = attention(x, mask), attention(other, mask)
    torch.testing.assert_close(after[mask], before[mask], atol=1e-12, rtol=0)
    (gradient,) = torch.autograd.grad(after[mask].sum(), other)
    assert (gradient[~mask] == 0).all()


def test_no_position_sees_a_later_one_when_causal():
    torch.manual_seed(0)
    blocks, (x, _) = Blocks(2, WIDTH, HEADS, 32, 0.0).double(), _inputs()
    before = blocks(x, causal=True)
    for position in range(1, 7):
        other = x.clone()
        other[:, position:] *= -2
        after = blocks(other, causal=True)
        torch.testing.assert_close(after[:, :position], before[:, :position], atol=1e-12, rtol=0)
        assert (after[:, position] - before[:, position]).abs().max() > 1e-3


def test_without_positions_attention_does_not_know_the_order():
    attention, (x, _) = _attention(), _inputs()
    order = torch.randperm(7)
    torch.testing.assert_close(attention(x[:, order]), attention(x)[:, order], atol=1e-12, rtol=0)


def test_bf16_is_near_float32_and_attends_in_float32():
    attention, (x, mask) = _attention(torch.float32), _inputs(torch.float32)
    with torch.autocast("cpu", torch.bfloat16):
        found = attention(x, mask)
        query = torch.randn(2, HEADS, 7, 4, dtype=torch.bfloat16)
        assert attend(query, query, query).dtype == torch.float32
    assert found.dtype == torch.bfloat16
    torch.testing.assert_close(found.float(), attention(x, mask), atol=0.03, rtol=0.03)


def test_a_block_normalises_before_and_adds_after():
    torch.manual_seed(0)
    block, (x, mask) = Block(WIDTH, HEADS, 32, dropout=0.0).double(), _inputs()
    attended = x + block.attention(block.attention_norm(x), mask)
    expected = attended + block.contract(functional.gelu(block.expand(block.feedforward_norm(attended))))
    torch.testing.assert_close(block(x, mask), expected)
    with torch.no_grad():
        for layer in (block.attention.output, block.contract):
            layer.weight.zero_()
            layer.bias.zero_()
    torch.testing.assert_close(block(x, mask), x)


def test_dropout_acts_before_each_sum_while_training():
    torch.manual_seed(0)
    block, (x, _) = Block(WIDTH, HEADS, 32, dropout=0.5).double(), _inputs()
    with torch.no_grad():
        block.contract.weight.zero_()
        block.contract.bias.zero_()
    added = block.train()(x) - x
    assert (added == 0).double().mean().item() == pytest.approx(0.5, abs=0.1)
    kept = block.eval()(x) - x
    torch.testing.assert_close(added[added != 0], 2 * kept[added != 0])


def test_two_passes_give_the_same_bits():
    torch.manual_seed(0)
    blocks, (x, mask) = Blocks(2, WIDTH, HEADS, 32, 0.0), _inputs(torch.float32)
    gradients = []
    for _ in range(2):
        with deterministic(2):
            blocks.zero_grad()
            blocks(x, mask).square().sum().backward()
            gradients.append(torch.cat([p.grad.flatten() for p in blocks.parameters()]))
    assert torch.equal(*gradients)


def test_sinusoids_are_those_of_the_paper():
    table = sinusoids(50, 6)
    assert table.shape == (50, 6)
    for position in (0, 1, 49):
        for channel in range(3):
            angle = position / 10_000 ** (2 * channel / 6)
            assert table[position, 2 * channel].item() == pytest.approx(math.sin(angle), abs=1e-6)
            assert table[position, 2 * channel + 1].item() == pytest.approx(math.cos(angle), abs=1e-6)
    assert sinusoids(3, 5).shape == (3, 5)
