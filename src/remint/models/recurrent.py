"""LSTM (Hochreiter and Schmidhuber 1997) and GRU (Cho et al. 2014), to classify texts and to forecast series."""

from typing import Literal

import torch
from pydantic import PositiveInt
from torch import Tensor, nn

from remint.config.specs import ClassesSpec, InputSpec, NumbersSpec, OutputSpec, SeriesSpec, TextSpec
from remint.errors import ConfigError
from remint.models.base import ModelConfig, initialise
from remint.models.sequences import Pooling, Share, check_word_dropout, drop_words, pool, pooled_width, token_mask


class RecurrentConfig(ModelConfig):
    """Recurrent layers over the embedded tokens of a text or the steps of a series, pooling, a linear output.

    Dropout of the embeddings (not of a series' values), between the layers and before the output. Initialisation
    `default`: torch's own, but for embeddings of standard deviation 0.02: torch's 1 drowns what few texts teach. An
    LSTM's forget gate starts open, with a bias of 1 (Jozefowicz et al. 2015), whatever the initialisation.
    """

    family: Literal["recurrent"]
    cell: Literal["lstm", "gru"] = "lstm"
    width: PositiveInt = 128
    "Of a layer's state, for each direction."
    layers: PositiveInt = 1
    bidirectional: bool = False
    "A second network reads from the end; their states stand side by side."
    pooling: Pooling = "last"
    "How the states become one vector. `last` is the state after all has been read, in both directions."
    embedding: PositiveInt = 128
    "Text: numbers that stand for a token."
    word_dropout: Share = 0.0
    "Text: share of tokens replaced by the unknown one while training."
    residual: Literal["none", "last", "season"] = "none"
    """Series: forecast the difference to the last value, which is taken off the history, too, so that no level need be
    known from training (Zeng et al. 2023); or to the value `horizon` steps before each."""

    def build(self, inputs: InputSpec, outputs: OutputSpec) -> nn.Module:
        """Build the network.

        Raises ConfigError for other than texts with classes or a series to forecast, for options of the other one, and
        for words to drop from texts of a pretrained tokenizer.
        """
        if isinstance(inputs, TextSpec) and isinstance(outputs, ClassesSpec):
            network: nn.Module = self._classifier(inputs, outputs)
        elif isinstance(inputs, SeriesSpec) and isinstance(outputs, NumbersSpec):
            network = self._forecaster(inputs, outputs)
        else:
            raise ConfigError(
                f'model.family "recurrent" classifies texts and forecasts series; found inputs {inputs.modality}, '
                f"target {outputs.kind}"
            )
        initialise(network, self.initialisation)
        for layer in network.modules():
            if isinstance(layer, nn.LSTM):
                _open_forget_gate(layer)
        return network

    def _classifier(self, inputs: TextSpec, outputs: ClassesSpec) -> "RecurrentClassifier":
        if self.residual != "none":
            raise ConfigError(f'model.residual is "{self.residual}"; allowed for texts: "none"')
        check_word_dropout(self.word_dropout, inputs)
        return RecurrentClassifier(self, inputs.vocabulary, outputs.size)

    def _forecaster(self, inputs: SeriesSpec, outputs: NumbersSpec) -> "RecurrentForecaster":
        if self.word_dropout:
            raise ConfigError(f"model.word_dropout is {self.word_dropout:g}; allowed for series: 0")
        if self.residual == "season" and inputs.history < outputs.size:
            raise ConfigError(
                f'model.residual is "season" with a history of {inputs.history} steps; allowed: from {outputs.size}, '
                f"as many as are forecast"
            )
        return RecurrentForecaster(self, len(inputs.features), outputs.size)


class RecurrentClassifier(nn.Module):
    """See `RecurrentConfig`. Takes `tokens` (int64, B×L, right-padded), gives B×size."""

    def __init__(self, config: RecurrentConfig, vocabulary: int, size: int) -> None:
        super().__init__()
        self.word_dropout = config.word_dropout
        self.tokens = nn.Embedding(vocabulary, config.embedding)
        nn.init.normal_(self.tokens.weight, std=0.02)
        self.dropout = nn.Dropout(config.dropout)
        self.layers = RecurrentLayers(config, config.embedding)
        self.output = nn.Linear(self.layers.size, size)

    def forward(self, batch: dict[str, Tensor]) -> Tensor:
        """Give the logits, B×size."""
        tokens = batch["tokens"]
        x = self.tokens(drop_words(tokens, self.word_dropout if self.training else 0.0))
        logits: Tensor = self.output(self.dropout(self.layers(self.dropout(x), token_mask(tokens))))
        return logits


class RecurrentForecaster(nn.Module):
    """See `RecurrentConfig`. Takes `history` (float32, B×history×F), gives B×horizon, standardised."""

    def __init__(self, config: RecurrentConfig, features: int, horizon: int) -> None:
        super().__init__()
        self.residual, self.horizon = config.residual, horizon
        self.dropout = nn.Dropout(config.dropout)
        self.layers = RecurrentLayers(config, features)
        self.output = nn.Linear(self.layers.size, horizon)

    def forward(self, batch: dict[str, Tensor]) -> Tensor:
        """Give the outputs, B×horizon."""
        history = batch["history"]
        mask = torch.ones(history.shape[:2], dtype=torch.bool, device=history.device)
        # The first feature is the series to forecast, standardised as the outputs are.
        last = history[:, -1:, 0]
        if self.residual == "last":
            history = torch.cat([history[:, :, :1] - last[:, :, None], history[:, :, 1:]], dim=2)
        outputs: Tensor = self.output(self.dropout(self.layers(history, mask)))
        if self.residual == "last":
            return outputs + last
        if self.residual == "season":
            return outputs + history[:, -self.horizon :, 0]
        return outputs


class RecurrentLayers(nn.Module):
    """Recurrent layers of one or two directions and the pooling of their states; padding on the right changes nothing.

    Takes B×L×width of the inputs and a mask (bool, B×L), gives B×size. A second direction reads each sequence turned
    round without its padding. Packed sequences give the same; torch's kernels for whole ones are 2 to 3 × quicker here.
    """

    def __init__(self, config: RecurrentConfig, inputs: int) -> None:
        super().__init__()
        cell = {"lstm": nn.LSTM, "gru": nn.GRU}[config.cell]
        directions = 2 if config.bidirectional else 1
        widths = [inputs] + [directions * config.width] * (config.layers - 1)
        self.ahead = nn.ModuleList(cell(width, config.width, batch_first=True) for width in widths)
        behind = widths if config.bidirectional else []
        self.behind = nn.ModuleList(cell(width, config.width, batch_first=True) for width in behind)
        self.dropout = nn.Dropout(config.dropout)
        self.pooling, self.size = config.pooling, pooled_width(directions * config.width, config.pooling)

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        """Give the pooled states of the last layer, B×size."""
        order = _turned(mask)
        states: list[Tensor] = []
        for index, ahead in enumerate(self.ahead):
            x = x if index == 0 else self.dropout(x)
            states = [ahead(x)[0]]
            if self.behind:
                states.append(_turn(self.behind[index](_turn(x, order))[0], order))
            x = torch.cat(states, dim=-1)
        if self.pooling == "last" and self.behind:
            return torch.cat([pool(states[0], mask, "last"), pool(states[1], mask, "first")], dim=-1)
        return pool(x, mask, self.pooling)


def _turned(mask: Tensor) -> Tensor:
    """Give the places of each sequence's positions read from its end, int64, B×L; those of padding stay."""
    places, lengths = torch.arange(mask.shape[1], device=mask.device), mask.sum(dim=1, keepdim=True)
    return torch.where(places < lengths, lengths - 1 - places, places)


def _turn(x: Tensor, order: Tensor) -> Tensor:
    """Put the positions of B×L×width in an order of their own for each sequence, B×L."""
    return x[torch.arange(len(x), device=x.device)[:, None], order]


def _open_forget_gate(layer: nn.LSTM) -> None:
    """Set the forget gate's bias to 1; of the two biases that torch adds up, the first."""
    forget = slice(layer.hidden_size, 2 * layer.hidden_size)
    with torch.no_grad():
        for name, parameter in layer.named_parameters():
            if "bias" in name:
                parameter[forget] = 1.0 if "bias_ih" in name else 0.0
