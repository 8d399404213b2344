"""Declaration of how raw data becomes arrays: `datasets.NAME.preprocessing`, by modality."""

from typing import Annotated, Literal

from pydantic import Field, PositiveInt

from remint.config.base import Config


class TabularPreprocessing(Config):
    """Standardised numbers and category codes; what is fitted, is fitted on the train split."""

    log: tuple[str, ...] = ()
    "Numeric columns x to replace by log(1 + x), the target allowed: it is then predicted as a logarithm."


class ImagePreprocessing(Config):
    """Images stay bytes."""


class TextPreprocessing(Config):
    """Token ids by a tokenizer that is fitted on the train split, or that a pretrained model brings along."""

    tokenizer: Literal["words", "characters", "subwords", "pretrained"] = "words"
    "subwords: byte-pair encoding (Sennrich et al. 2016) of bytes, so that no character is unknown."
    lowercase: bool = False
    vocabulary: PositiveInt = 30_000
    "Most tokens, the special ones included."
    min_frequency: PositiveInt = 1
    "Tokens that train holds less often are unknown (words, characters), or not made (subwords)."
    length: Annotated[int, Field(ge=4)] = 256
    "Most tokens of a text: longer ones are cut; for language modelling, into pieces of that length."


class SeriesPreprocessing(Config):
    """Windows of a regular time series: so many steps of history, from which the steps that follow are forecast."""

    time: str
    "Column of times."
    group: str | None = None
    "Column that tells series apart, such as a station."
    step: str = "1h"
    """Time between two steps, as pandas writes it. In a history, gaps and dropped rows are filled with the last value
    before; windows with such a step among those to forecast are left out of every split."""
    history: PositiveInt = 168
    horizon: PositiveInt = 24
    "Steps to forecast."
    calendar: tuple[Literal["hour", "weekday", "yearday"], ...] = ()
    "Cycles of the calendar to add as sine and cosine."


Preprocessing = TabularPreprocessing | ImagePreprocessing | TextPreprocessing | SeriesPreprocessing
OPTIONS: dict[str, type[Preprocessing]] = {
    "tabular": TabularPreprocessing,
    "image": ImagePreprocessing,
    "text": TextPreprocessing,
    "series": SeriesPreprocessing,
}
