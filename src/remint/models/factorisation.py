"""Matrix factorisation with biases, for ratings and other numbers that pairs of categories share."""

from typing import Literal

import torch
from pydantic import NonNegativeFloat, PositiveFloat, PositiveInt
from torch import Tensor, nn
from torch.nn import functional

from remint.config.specs import InputSpec, NumberSpec, OutputSpec, TabularSpec
from remint.errors import ConfigError
from remint.models.base import Initialisation, ModelConfig, draw


class FactorisationConfig(ModelConfig):
    """A number for a pair (u, i), say a user's rating of a film: bias of u + bias of i + pᵤ·qᵢ, and the train mean.

    Koren, Bell and Volinsky 2009. The mean is that of the standardised target. A value not seen in train has no bias
    and no factors, so that an unknown pair gets the mean. `dropout` is of factors. `trainer.l2` penalises each user and
    film alike, `penalty` in proportion to their ratings; a little of both is best.
    """

    family: Literal["factorisation"]
    factors: PositiveInt = 50
    "Length of p and q."
    members: PositiveInt = 1
    """Factorisations that start from different factors and learn side by side, each its own; their mean predicts.
    Their loss is a mean, too, beside which `trainer.l2` weighs `members` times what it weighs beside one."""
    penalty: NonNegativeFloat = 0.0
    "λ of λ·(|pᵤ|² + |qᵢ|²), added to the squared error of every pair: who rates often is penalised often."
    bias_penalty: NonNegativeFloat | None = None
    "λ of the squared biases; none: that of `penalty`."
    spread: PositiveFloat = 0.05
    "Standard deviation of the factors at the start, with `initialisation` default."

    def build(self, inputs: InputSpec, outputs: OutputSpec) -> nn.Module:
        """Build the network.

        Raises ConfigError for all but two category columns and a number.
        """
        if not isinstance(inputs, TabularSpec):
            raise ConfigError(
                f'model.family "factorisation" takes a table of two category columns, not {inputs.modality}'
            )
        if len(inputs.categories) != 2 or inputs.numeric:
            raise ConfigError(
                f'model.family "factorisation" takes two category columns and no number; found '
                f"{', '.join((*inputs.numeric, *(column.name for column in inputs.categories)))} "
                f"(a column with role: ignored or key stays out)"
            )
        if not isinstance(outputs, NumberSpec):
            raise ConfigError(f'model.family "factorisation" predicts a number; the target is {outputs.kind}')
        first, second = (column.codes for column in inputs.categories)
        bias_penalty = self.penalty if self.bias_penalty is None else self.bias_penalty
        network = Factorisation((first, second), self.members, self.factors, self.dropout)
        network.weigh(self.penalty, bias_penalty)
        network.factors.draw(self.initialisation, self.spread)
        return network


class Factorisation(nn.Module):
    """See `FactorisationConfig`. Takes `codes` (int64, N×2), gives N×1."""

    def __init__(self, codes: tuple[int, int], members: int, factors: int, dropout: float) -> None:
        super().__init__()
        self.factors = Tables(codes, members * factors)
        self.biases = Tables(codes, members)
        self._members, self._dropout = members, dropout
        self.weigh(0.0, 0.0)

    def weigh(self, of_factors: float, of_biases: float) -> None:
        """Set the factors of the two penalties."""
        self._of_factors, self._of_biases = of_factors, of_biases

    def forward(self, batch: dict[str, Tensor]) -> Tensor:
        """Give the outputs, N×1."""
        return self._outputs(batch["codes"]).mean(1, keepdim=True)

    def penalty(self, batch: dict[str, Tensor]) -> Tensor:
        """Give λ·(|p|² + |q|²) + λ'·(squared biases), a mean over the batch: what training adds to the squared error.

        With several members their variance is added: the squared error of the mean and the variance make the mean of
        the members' squared errors (Krogh and Vedelsby 1995), so that none learns to make up for another.
        """
        codes, members = batch["codes"], self._members
        of_factors = sum_of_squares(self.factors(codes)) * self._of_factors
        of_biases = sum_of_squares(self.biases(codes)) * self._of_biases
        penalty = (of_factors + of_biases) / (members * len(codes))
        return penalty if members == 1 else penalty + self._outputs(codes).var(1, correction=0).mean()

    def _outputs(self, codes: Tensor) -> Tensor:
        """Give each member's outputs, N×members."""
        p, q = self.factors(codes)
        of_first, of_second = self.biases(codes)
        products = functional.dropout(p * q, self._dropout, self.training)
        outputs: Tensor = of_first + of_second + products.view(len(codes), self._members, -1).sum(2)
        return outputs


def sum_of_squares(tensors: tuple[Tensor, ...]) -> Tensor:
    """Give the sum of the squares of all elements."""
    return torch.stack([tensor.square().sum() for tensor in tensors]).sum()


class Tables(nn.Module):
    """A row of numbers for each value of two category columns, zeros for values not seen in train."""

    def __init__(self, codes: tuple[int, int], width: int) -> None:
        super().__init__()
        # The gradient of the row `padding_idx` is zero, so that its zeros stay.
        self.first, self.second = (nn.Embedding(size, width, padding_idx=0) for size in codes)
        self.draw("default", 0.0)

    def draw(self, scheme: Initialisation, spread: float) -> None:
        """Draw the rows anew: `default` is normal with that standard deviation."""
        for table in (self.first, self.second):
            nn.init.normal_(table.weight, std=spread)
            draw(table.weight, scheme)
            nn.init.zeros_(table.weight.detach()[0])

    def forward(self, codes: Tensor) -> tuple[Tensor, Tensor]:
        """Look the codes (N×2) up: twice N×width."""
        return _rows(self.first, codes[:, 0]), _rows(self.second, codes[:, 1])


def _rows(table: nn.Embedding, codes: Tensor) -> Tensor:
    rows: Tensor = table(codes)
    return rows
