"""What goes into a network and what comes out: written by `preprocess`, read by every family's `build`."""

from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from remint.config.base import Config


class CategorySpec(Config):
    """A category column."""

    name: str
    codes: int
    "Number of its codes, the code 0 included."


class TabularSpec(Config):
    """Arrays `numeric` (float32, N×F, standardised) and `codes` (int64, N×K; 0: a value not seen in train)."""

    modality: Literal["tabular"] = "tabular"
    numeric: tuple[str, ...]
    "Names of the F numeric columns."
    categories: tuple[CategorySpec, ...]
    "The K category columns, in the order of the columns of `codes`."


class ImageSpec(Config):
    """Array `image` (uint8, N×C×H×W, 0–255)."""

    modality: Literal["image"] = "image"
    channels: int
    height: int
    width: int


class TextSpec(Config):
    """Arrays `tokens` (int32, the ids of all texts in a row), `offsets` (int64, N+1), `characters` (int64, N).

    Text i is `tokens[offsets[i]:offsets[i + 1]]`, its first token is `BEGIN`, its last `END`. A batch holds `tokens`
    (int64, B×L), filled up with `PADDING` to the longest text of the batch.
    """

    modality: Literal["text"] = "text"
    vocabulary: int
    "Number of token ids."
    length: int
    "Most tokens of a text, BEGIN and END included."
    pretrained: dict[str, Any] | None = None
    "Configuration of the pretrained model whose tokenizer made the ids."


class SeriesSpec(Config):
    """Arrays `series` (float32, T×F, standardised, all groups one after the other) and `starts` (int64, N).

    Window i is `series[starts[i]:starts[i] + history]`. A batch holds `history` (float32, B×history×F).
    """

    modality: Literal["series"] = "series"
    features: tuple[str, ...]
    "Names of the F columns; the first is the one to forecast."
    history: int
    horizon: int


PADDING, UNKNOWN, BEGIN, END = 0, 1, 2, 3
"Token ids that every fitted tokenizer has. (A pretrained one has its own but for PADDING.)"

InputSpec = Annotated[TabularSpec | ImageSpec | TextSpec | SeriesSpec, Field(discriminator="modality")]


class ClassesSpec(Config):
    """Array `target` (int64, N): index into `classes`."""

    noun: ClassVar[str] = "a category"
    kind: Literal["classes"] = "classes"
    classes: tuple[str, ...]

    @property
    def size(self) -> int:
        """Width of the network's output: one logit a class."""
        return len(self.classes)


class NumberSpec(Config):
    """Array `target` (float32, N), in the unit of the raw column; the network works on (target − mean) / std."""

    noun: ClassVar[str] = "a number"
    kind: Literal["number"] = "number"
    mean: float
    std: float

    @property
    def size(self) -> int:
        """Width of the network's output."""
        return 1


class NumbersSpec(Config):
    """Array `target` (float32, N×size), in the unit of the raw column: the steps that follow a window."""

    noun: ClassVar[str] = "a series"
    kind: Literal["numbers"] = "numbers"
    mean: float
    std: float
    size: int


class TokensSpec(Config):
    """No array: the target of each token is the next one. A batch holds `tokens` and `target`, both int64, B×L."""

    noun: ClassVar[str] = "a text"
    kind: Literal["tokens"] = "tokens"
    vocabulary: int

    @property
    def size(self) -> int:
        """Width of the network's output: one logit a token id; the output is B×L×size."""
        return self.vocabulary


OutputSpec = Annotated[ClassesSpec | NumberSpec | NumbersSpec | TokensSpec, Field(discriminator="kind")]


class DataSpec(Config):
    """`spec.json` of a prepared dataset."""

    inputs: InputSpec
    outputs: OutputSpec
