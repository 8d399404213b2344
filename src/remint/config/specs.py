"""What goes into a network and what comes out: written by `preprocess`, read by every family's `build`."""

from typing import Annotated, Literal

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


InputSpec = Annotated[TabularSpec | ImageSpec, Field(discriminator="modality")]


class ClassesSpec(Config):
    """Array `target` (int64, N): index into `classes`."""

    kind: Literal["classes"] = "classes"
    classes: tuple[str, ...]

    @property
    def size(self) -> int:
        """Width of the network's output: one logit a class."""
        return len(self.classes)


class NumberSpec(Config):
    """Array `target` (float32, N), in the unit of the raw column; the network works on (target − mean) / std."""

    kind: Literal["number"] = "number"
    mean: float
    std: float

    @property
    def size(self) -> int:
        """Width of the network's output."""
        return 1


OutputSpec = Annotated[ClassesSpec | NumberSpec, Field(discriminator="kind")]


class DataSpec(Config):
    """`spec.json` of a prepared dataset."""

    inputs: InputSpec
    outputs: OutputSpec
