"""A pretrained BERT encoder with a linear output: fine-tuned, or frozen as a probe."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, Self

import torch
from pydantic import Field, PositiveInt
from safetensors.torch import load_file
from torch import Tensor, nn

from remint.config.specs import PADDING, ClassesSpec, InputSpec, NumberSpec, OutputSpec, TextSpec
from remint.errors import ConfigError, DataError
from remint.models.base import ModelConfig, initialise

if TYPE_CHECKING:
    from transformers import BertModel

WEIGHTS = "model.safetensors"
_NO_PART = ("pooler.", "cls.", "embeddings.position_ids")
"What files of BERT hold beside the encoder."


class BertConfig(ModelConfig):
    """BERT (Devlin et al. 2019) as `preprocessing.tokenizer: pretrained` brings it along, pooled, then a linear output.

    Mean pooling is that of sentence encoders (Reimers and Gurevych 2019). `dropout` is of the pooled vector, and
    `initialisation` of the output: the encoder's weights are loaded before training begins.
    """

    packages: ClassVar[tuple[str, ...]] = ("transformers",)

    family: Literal["bert"]
    pooling: Literal["mean", "first"] = "mean"
    "One vector of a text: the mean over its tokens, or its first token's."
    layers: PositiveInt | None = None
    "Keep the first n layers of the encoder; none: all."
    frozen: bool = False
    "Train the output alone. The encoder then runs once over all rows, not once per epoch."
    freeze_embeddings: bool = True
    "Leave the embeddings as they are: of a small BERT half of all weights, whose gradients and moments cost memory."
    encoder_dropout: Annotated[float, Field(ge=0, lt=1)] | None = None
    "Dropout inside the encoder; none: what its own configuration says (often 0.1)."

    def build(self, inputs: InputSpec, outputs: OutputSpec) -> nn.Module:
        """Build the network, its encoder with random weights; see `load_pretrained`.

        Raises ConfigError where the inputs are no texts of a BERT's tokenizer, or the output is no class or number.
        """
        if not isinstance(inputs, TextSpec):
            raise ConfigError(f'model.family "bert" takes texts, not {inputs.modality}')
        if not isinstance(outputs, ClassesSpec | NumberSpec):
            raise ConfigError(f'model.family "bert" predicts a class or a number; the target is {outputs.kind}')
        encoder = _build_encoder(self._encoder_settings(inputs))
        network = Bert(encoder, outputs.size, self.pooling, self.dropout, self.frozen)
        initialise(network.output, self.initialisation)
        network.encoder.requires_grad_(not self.frozen)
        if self.freeze_embeddings:
            network.encoder.embeddings.requires_grad_(False)
        return network

    def load_pretrained(self, network: nn.Module, folder: Path) -> None:
        """Load the encoder's weights from `model.safetensors` in a folder; the output stays as drawn.

        Raises DataError where the file is missing or does not fit the configuration beside it.
        """
        if not isinstance(network, Bert):
            raise TypeError(f"not a network of this family: {type(network).__name__}")
        path = folder / WEIGHTS
        if not path.is_file():
            raise DataError(f"{path} is missing; allowed: the weights of the pretrained model whose tokenizer is used")
        try:
            network.encoder.load_state_dict(_encoder_weights(load_file(path), self.layers))
        except RuntimeError as error:
            raise DataError(f"{path} does not fit the pretrained model's config.json: {error}") from None

    def _encoder_settings(self, inputs: TextSpec) -> dict[str, Any]:
        pretrained = dict(inputs.pretrained or {})
        if pretrained.get("model_type") != "bert":
            found = (
                f'of model_type "{pretrained.get("model_type")}"' if pretrained else "made by no pretrained tokenizer"
            )
            raise ConfigError(
                f'model.family "bert" takes tokens of a pretrained BERT (preprocessing.tokenizer: pretrained); '
                f"found tokens {found}"
            )
        _check_length(inputs, pretrained)
        depth = pretrained["num_hidden_layers"]
        if self.layers is not None and self.layers > depth:
            raise ConfigError(f"model.layers is {self.layers}; allowed: 1 to {depth}, which the pretrained model has")
        pretrained["num_hidden_layers"] = self.layers or depth
        if self.encoder_dropout is not None:
            pretrained["hidden_dropout_prob"] = pretrained["attention_probs_dropout_prob"] = self.encoder_dropout
        return pretrained


class Bert(nn.Module):
    """See `BertConfig`. Takes `tokens` (int64, N×L), or `pooled` (float32, N×width) of `precompute`; gives N×size."""

    def __init__(self, encoder: "BertModel", size: int, pooling: str, dropout: float, frozen: bool) -> None:
        super().__init__()
        self.encoder, self._pooling, self._frozen = encoder, pooling, frozen
        self.dropout = nn.Dropout(dropout)
        self.output = nn.Linear(encoder.config.hidden_size, size)

    def train(self, mode: bool = True) -> Self:
        """Set the mode; a frozen encoder stays in evaluation mode, so that it gives the same for a text every time."""
        super().train(mode)
        if self._frozen:
            self.encoder.train(False)
        return self

    def forward(self, batch: dict[str, Tensor]) -> Tensor:
        """Give the outputs, N×size."""
        pooled = batch["pooled"] if "pooled" in batch else self._pool(batch["tokens"])
        outputs: Tensor = self.output(self.dropout(pooled))
        return outputs

    def precompute(self, batch: dict[str, Tensor]) -> dict[str, Tensor]:
        """Give `pooled` (float32, N×width), which stands in for `tokens` from then on; nothing where all is trained."""
        if not self._frozen or "pooled" in batch:
            return {}
        with torch.no_grad():
            return {"pooled": self._pool(batch["tokens"]).float()}

    def attention(self, batch: dict[str, Tensor]) -> Tensor:
        """Give the attention weights (float32, N×layers×heads×L×L) of the evaluation mode; each row sums to 1."""
        tokens, training = batch["tokens"], self.training
        self.train(False)
        self.encoder.set_attn_implementation("eager")  # the only one that tells its weights
        try:
            with torch.no_grad():
                found = self.encoder(input_ids=tokens, attention_mask=tokens != PADDING, output_attentions=True)
        finally:
            self.encoder.set_attn_implementation("sdpa")
            self.train(training)
        return torch.stack(found.attentions, dim=1).float()

    def _pool(self, tokens: Tensor) -> Tensor:
        mask = tokens != PADDING
        hidden: Tensor = self.encoder(input_ids=tokens, attention_mask=mask).last_hidden_state
        if self._pooling == "first":
            return hidden[:, 0]
        kept = mask.unsqueeze(2).float()
        return (hidden * kept).sum(1) / kept.sum(1).clamp(min=1)


def _build_encoder(settings: dict[str, Any]) -> "BertModel":
    """Build BERT with random weights. The import takes seconds, so it waits until a network is asked for."""
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    import transformers

    config = transformers.BertConfig.from_dict({**settings, "attn_implementation": "sdpa"})
    return transformers.BertModel(config, add_pooling_layer=False)


def _encoder_weights(weights: dict[str, Tensor], layers: int | None) -> dict[str, Tensor]:
    """Leave out what is no part of the encoder, and layers that are not kept; a prefix `bert.` is dropped."""
    named = {name.removeprefix("bert."): tensor for name, tensor in weights.items()}
    return {name: tensor for name, tensor in named.items() if not name.startswith(_NO_PART) and _kept(name, layers)}


def _kept(name: str, layers: int | None) -> bool:
    parts = name.split(".")
    return layers is None or parts[:2] != ["encoder", "layer"] or int(parts[2]) < layers


def _check_length(inputs: TextSpec, pretrained: dict[str, Any]) -> None:
    longest = pretrained["max_position_embeddings"]
    if inputs.length > longest:
        raise ConfigError(
            f"preprocessing.length is {inputs.length}; allowed for this pretrained model: up to {longest}"
        )
    if inputs.vocabulary > pretrained["vocab_size"]:
        raise ConfigError(
            f"the tokenizer has {inputs.vocabulary} token ids, the pretrained model {pretrained['vocab_size']}; "
            f"allowed: a tokenizer and a config.json of one model"
        )
