"""Declaration of what is asked of every model of a dataset: `datasets.NAME.evaluation`."""

from typing import Annotated, Literal

from pydantic import ConfigDict, Field, PositiveFloat, PositiveInt, model_validator

from remint.config.base import Config, Name

Corruption = Literal["noise", "blur", "shift", "rotation", "brightness", "missing", "typos"]
CORRUPTIONS: dict[str, tuple[Corruption, ...]] = {
    "tabular": ("noise", "missing"),
    "image": ("noise", "blur", "shift", "rotation", "brightness"),
    "text": ("typos",),
    "series": ("noise", "missing"),
}
"What each modality can be tried with."
MEASURES: dict[str, tuple[str, ...]] = {
    "tabular": ("class",),
    "image": ("class", "brightness"),
    "text": ("class", "length", "unknown"),
    "series": (),
}
"What each modality can be sliced by beside its columns."


class SliceConfig(Config):
    """Test rows to look at apart: those of each value of a column, or of each band of numbers."""

    model_config = ConfigDict(allow_inf_nan=False)

    column: str | None = None
    "Column of the raw rows."
    measure: Literal["class", "brightness", "length", "unknown"] | None = None
    """Instead of a column. class: the target's; brightness: an image's mean pixel (0-255); length: a text's tokens;
    unknown: share of a text's tokens that the tokenizer does not know."""
    edges: tuple[float, ...] = ()
    "Of numbers: where one band ends and the next begins, rising; a number at an edge is in the band above it."
    bands: PositiveInt = 4
    "Of numbers without edges: bands of about equally many test rows."

    @model_validator(mode="after")
    def _names_one(self) -> "SliceConfig":
        if (self.column is None) == (self.measure is None):
            raise ValueError("names none or both of column and measure; allowed: one of them")
        if list(self.edges) != sorted(set(self.edges)):
            raise ValueError(f"edges are {list(self.edges)}; allowed: rising numbers")
        if self.edges and self.measure == "class":
            raise ValueError("edges are there for measure class; allowed: of numbers")
        return self


class EvaluationConfig(Config):
    """What is asked of every model of a dataset, on the test split."""

    model_config = ConfigDict(allow_inf_nan=False)

    slices: dict[Name, SliceConfig] = {}
    smallest_slice: PositiveInt = 50
    "Rows that a slice must have to count as the worst one; a smaller one is shown, and no gate looks at it."
    sensitive: tuple[str, ...] = ()
    "Columns of groups of people that a classifier must treat alike."
    positive: str | None = None
    "The class whose prediction is what people want or fear; of two classes, none named: the second."
    corruptions: dict[Corruption, Annotated[tuple[PositiveFloat, ...], Field(min_length=1)]] = {}
    """Corruption to levels, the hardest last. Tables: noise (in standard deviations), missing (share of values).
    Images: noise (standard deviation, pixels 0-1), blur (standard deviation in pixels), shift (pixels), rotation
    (degrees), brightness (factor). Texts: typos (share of characters). Series: noise, missing (share of steps)."""
    replicates: Annotated[int, Field(ge=100)] = 1000
    "Bootstrap samples behind each 95 % interval."

    @model_validator(mode="after")
    def _shares_are_shares(self) -> "EvaluationConfig":
        for name in ("missing", "typos"):
            too_large = [level for level in self.corruptions.get(name, ()) if level > 1]
            if too_large:
                raise ValueError(f"corruptions.{name} has level {too_large[0]:g}; allowed: a share, at most 1")
        return self
