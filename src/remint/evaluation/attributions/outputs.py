"""One number a row that says what a network predicts, and integrated gradients of it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from remint.config.specs import ClassesSpec, OutputSpec, TokensSpec

OF_CLASS = "logit of the predicted class, less the mean of all classes' logits"
OF_NUMBER = "the predicted value, in the unit of the target"
OF_NUMBERS = "mean of the forecast values, in the unit of the target"
OF_TOKEN = "logit of the likeliest next token, less the mean of all tokens' logits"
PIECE = 32
"Steps times rows of a batch at most, where there are no more rows: few enough for a processor's cache."


@dataclass(frozen=True)
class Attributed:
    """Attributions of N rows."""

    parts: tuple[Tensor, ...]
    "One a input, of its shape."
    missed: Tensor
    "What a row's attributions lack of its score's difference to the baseline's, absolute (N)."
    differences: Tensor
    "That difference, absolute (N)."


def missed_share(attributed: Sequence[Attributed]) -> float:
    """Give the share of the scores' differences that the attributions do not sum up to."""
    missed, differences = (
        sum(float(getattr(one, name).double().sum()) for one in attributed) for name in ("missed", "differences")
    )
    return missed / differences if differences else 0.0


def explained(outputs: OutputSpec) -> str:
    """Tell what `scores` gives."""
    if isinstance(outputs, TokensSpec):
        return OF_TOKEN
    return OF_CLASS if isinstance(outputs, ClassesSpec) else OF_NUMBER if outputs.size == 1 else OF_NUMBERS


def scores(given: Tensor, label: Tensor, outputs: OutputSpec) -> Tensor:
    """Give a number a row (N) from a network's outputs, N×size, or N×L×size of tokens, of which the last place counts.

    A constant that is added to all logits changes no probability, so that their mean is taken off. `label` (int64, N)
    is the class or token to explain; of numbers it is not looked at.
    """
    if isinstance(outputs, ClassesSpec | TokensSpec):
        logits = given[:, -1] if isinstance(outputs, TokensSpec) else given
        return logits.gather(1, label[:, None])[:, 0] - logits.mean(dim=1)
    return given.flatten(1).mean(dim=1) * outputs.std + outputs.mean


def integrated_gradients(
    score: Callable[..., Tensor], inputs: tuple[Tensor, ...], baselines: tuple[Tensor, ...], label: Tensor, steps: int
) -> Attributed:
    """Attribute the scores of N rows to every input number.

    `score(*inputs, label)` gives N numbers; a baseline is of its input's shape, or can be expanded to it. A row's
    attributions sum up to the difference of its score to its baseline's, but for the error of so many steps
    (Sundararajan et al. 2017). No gradient of a parameter is kept.
    """
    from captum.attr import IntegratedGradients

    given = tuple(tensor.detach().requires_grad_() for tensor in inputs)
    bases = tuple(base.detach().expand_as(tensor) for base, tensor in zip(baselines, inputs, strict=True))
    parts = IntegratedGradients(score).attribute(
        given,
        baselines=bases,
        additional_forward_args=(label,),
        n_steps=steps,
        internal_batch_size=max(PIECE, len(label)),
    )
    with torch.no_grad():
        differences = score(*inputs, label) - score(*bases, label)
    sums = torch.stack([part.detach().double().flatten(1).sum(dim=1) for part in parts]).sum(dim=0)
    return Attributed(tuple(part.detach() for part in parts), (sums - differences).abs(), differences.abs())
