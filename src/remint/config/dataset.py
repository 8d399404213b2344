"""Declaration of a dataset: an entry under `datasets:` of `datasets.yaml`."""

from typing import Annotated, Any, Literal

from pydantic import Field, PositiveInt, model_validator

from remint.config.base import Config, Name
from remint.config.evaluation import CORRUPTIONS, MEASURES, EvaluationConfig
from remint.config.source import SourceConfig

Share = Annotated[float, Field(ge=0, le=1)]
Modality = Literal["tabular", "image", "text", "series"]
"What kind of data: a module of `remint.preprocessing` each."


class Column(Config):
    """A column of the raw rows, and the values it may hold."""

    type: Literal["integer", "float", "category", "boolean", "text"]
    role: Literal["feature", "key", "ignored"] = "feature"
    "A key tells rows apart; neither a key nor an ignored column reaches the model."
    min: float | None = None
    max: float | None = None
    values: tuple[str, ...] | None = None
    "Allowed values of a category."
    unique: bool = False
    missing: Share = 0.0
    "Largest allowed share of missing values."

    @model_validator(mode="after")
    def _bounds_fit_type(self) -> "Column":
        if self.type not in ("integer", "float") and (self.min is not None or self.max is not None):
            raise ValueError(f"min and max need type integer or float, not {self.type}")
        if self.values is not None and self.type != "category":
            raise ValueError(f"values needs type category, not {self.type}")
        if self.min is not None and self.max is not None and self.min > self.max:
            raise ValueError(f"min {self.min:g} is above max {self.max:g}")
        return self


class SchemaConfig(Config):
    """The raw rows: which columns, and which of them is the target."""

    target: str
    "Name of the column to learn."
    columns: Annotated[dict[str, Column], Field(min_length=1)]
    "Every column of the raw rows; one that is not declared fails the validation."

    @model_validator(mode="after")
    def _target_is_a_column(self) -> "SchemaConfig":
        if self.target not in self.columns:
            raise ValueError(f"target is {self.target!r}; allowed: {', '.join(self.columns)}")
        return self

    @property
    def target_is_number(self) -> bool:
        """Whether the target calls for regression."""
        return self.columns[self.target].type in ("integer", "float")

    @property
    def target_is_text(self) -> bool:
        """Whether the target calls for language modelling: the text is both input and target."""
        return self.columns[self.target].type == "text"

    def features(self) -> tuple[str, ...]:
        """Names of the columns that reach the model, in declared order."""
        return tuple(n for n, c in self.columns.items() if c.role == "feature" and n != self.target)

    @property
    def text(self) -> str | None:
        """The column that modality text reads: a text as target (language modelling), or the one feature, a text."""
        names = (self.target,) if self.target_is_text else self.features()
        return names[0] if len(names) == 1 and self.columns[names[0]].type == "text" else None

    @property
    def no_text(self) -> str:
        """What to say where modality text has no such column."""
        found = ", ".join(f"{name} ({self.columns[name].type})" for name in self.features()) or "none"
        return f'modality is "text", features: {found}; allowed: one feature of type text, or a text as target'


def _check_shares(val: float, test: float) -> None:
    if val + test >= 1:
        raise ValueError(f"val {val:g} and test {test:g} leave nothing for train; allowed: a sum below 1")


class HashSplit(Config):
    """Each row goes where the hash of its key says, so that new rows never move old ones."""

    kind: Literal["hash"]
    key: tuple[str, ...] = ()
    "Columns that identify a row; none: the whole row (for images the pixels), so that exact duplicates stay together."
    val: Annotated[float, Field(gt=0, lt=1)] = 0.1
    test: Annotated[float, Field(gt=0, lt=1)] = 0.1

    @model_validator(mode="after")
    def _train_is_left(self) -> "HashSplit":
        _check_shares(self.val, self.test)
        return self


class ColumnSplit(Config):
    """The dataset's own split: a column of `train`, `val`, `test`; without `val`, a hash cuts it from train."""

    kind: Literal["column"]
    column: str
    key: tuple[str, ...] = ()
    val: Annotated[float, Field(gt=0, lt=1)] = 0.1


class TimeSplit(Config):
    """The past trains, the future tests: the last rows by time are the test split, those before them validation."""

    kind: Literal["time"]
    column: str
    "Times or numbers; rows of the same time stand together."
    key: tuple[str, ...] = ()
    val: Annotated[float, Field(gt=0, lt=1)] = 0.1
    test: Annotated[float, Field(gt=0, lt=1)] = 0.1

    @model_validator(mode="after")
    def _train_is_left(self) -> "TimeSplit":
        _check_shares(self.val, self.test)
        return self


SplitConfig = Annotated[HashSplit | ColumnSplit | TimeSplit, Field(discriminator="kind")]


class Between(Config):
    """A closed interval; a missing end is open."""

    min: float | None = None
    max: float | None = None


class ImageExpectations(Config):
    """What every image must be."""

    channels: PositiveInt | None = None
    height: PositiveInt | None = None
    width: PositiveInt | None = None
    min: float = 0
    "Lowest allowed pixel value."
    max: float = 255
    blank: Share = 0.0
    "Largest allowed share of images of one single value."
    unreadable: Share = 0.0
    "Largest allowed share of files that do not decode; such files are left out of training."


class TextExpectations(Config):
    """What the texts must be."""

    min: PositiveInt = 1
    "Fewest characters of a text, white space at its ends not counted."
    max: PositiveInt | None = None
    "Most characters of a text."
    beyond: Share = 0.0
    "Largest allowed share of texts shorter or longer than that."
    unknown: Share | None = None
    """Largest allowed share of test and validation tokens (words; characters where there are no spaces) that train does
    not hold."""


class ExpectationsConfig(Config):
    """What must hold of the dataset as a whole; what must hold of a column stands in the schema."""

    rows: Between = Between(min=1)
    class_share: dict[str, Between] = {}
    "Class to its share of all rows."
    duplicates: Share = 0.0
    "Largest allowed share of rows that repeat an earlier one in full."
    split_overlap: Share = 0.0
    "Largest allowed share of test and validation rows that stand in train, too."
    unique_together: tuple[tuple[str, ...], ...] = ()
    images: ImageExpectations | None = None
    texts: TextExpectations | None = None


class ColumnCleaning(Config):
    """What is done about a column's outliers, noise and gaps, in this order: drop, clip, winsorise, impute."""

    drop: Between | None = None
    "Rows whose value lies outside are left out of every split. A served row never is."
    clip: Between | None = None
    "Values outside become the nearer end."
    winsorise: tuple[Share, Share] | None = None
    "Values beyond these two quantiles of the train split become the quantile."
    impute: Literal["mean", "median", "most-frequent"] | float | str | None = None
    "What stands in for a missing value: a statistic of the train split, or this very value."


class CleaningConfig(Config):
    """What is done about outliers, noise and duplicates; fitted on train, counted in the validation report."""

    columns: dict[str, ColumnCleaning] = {}
    duplicates: Literal["keep", "drop"] = "keep"
    "drop: of rows alike in every feature and the target, the first alone is kept."
    contradictions: Literal["keep", "drop"] = "keep"
    "drop: rows alike in every feature that differ in their target are all left out."


class BaselineConfig(Config):
    """A cheap method to hold every network against.

    On all data: constant. On all but language modelling: linear (logistic regression or ridge; of a text's TF-IDF, of a
    window's lags). Tables and images: gradient-boosting. Texts with classes: tfidf-svm. Language modelling: n-gram
    (interpolated Kneser–Ney over characters). Series: seasonal-naive.
    """

    estimator: Literal["constant", "linear", "gradient-boosting", "tfidf-svm", "n-gram", "seasonal-naive"]
    parameters: dict[str, Any] = {}
    """`constant`, `linear`, `gradient-boosting`: keyword arguments of scikit-learn's estimator; `linear` on texts and
    `tfidf-svm`: `analyzer` (word or char), `ngram` (fewest, most), `min_frequency`; `tfidf-svm`: `c`; `n-gram`:
    `order`, `min_frequency`; `constant` of language modelling: `min_frequency`; `seasonal-naive`: `period`, in steps.
    """


class DatasetConfig(Config):
    """A dataset. What a stage reads is spelled out, if only as `{}`: DVC refuses to track a key that is not there."""

    description: str = ""
    license: str = ""
    homepage: str = ""
    "Public page of the data."
    limits: tuple[str, ...] = ()
    "What the data cannot tell and should not be used for, a sentence each; model cards repeat it."
    modality: Modality
    source: SourceConfig
    schema_: Annotated[SchemaConfig, Field(alias="schema")]
    split: SplitConfig
    expectations: ExpectationsConfig
    cleaning: CleaningConfig
    preprocessing: dict[str, Any]
    "Options of the modality; see `remint.config.preprocessing`."
    baselines: dict[Name, BaselineConfig]
    evaluation: EvaluationConfig

    @model_validator(mode="after")
    def _text_is_there(self) -> "DatasetConfig":
        if self.modality == "text" and self.schema_.text is None:
            raise ValueError(self.schema_.no_text)
        return self

    @model_validator(mode="after")
    def _evaluation_fits(self) -> "DatasetConfig":
        asked = self.evaluation
        for corruption in asked.corruptions:
            if corruption not in CORRUPTIONS[self.modality]:
                allowed = ", ".join(CORRUPTIONS[self.modality])
                raise ValueError(f'evaluation.corruptions names "{corruption}"; allowed for {self.modality}: {allowed}')
        columns = {f"slices.{name}.column": part.column for name, part in asked.slices.items() if part.column}
        for key, column in {**columns, **{f"sensitive.{i}": name for i, name in enumerate(asked.sensitive)}}.items():
            if column not in self.schema_.columns:
                raise ValueError(f'evaluation.{key} is "{column}"; allowed: {", ".join(self.schema_.columns)}')
        for name, part in asked.slices.items():
            kind = self.schema_.columns[part.column].type if part.column else "float"
            if part.edges and kind not in ("integer", "float"):
                raise ValueError(f"evaluation.slices.{name}.edges are there for a {kind}; allowed: of numbers")
            if part.measure is not None and part.measure not in MEASURES[self.modality]:
                allowed = ", ".join((*MEASURES[self.modality], "or a column"))
                raise ValueError(f'evaluation.slices.{name}.measure is "{part.measure}"; allowed: {allowed}')
        return self

    @model_validator(mode="after")
    def _groups_have_a_positive_class(self) -> "DatasetConfig":
        target, asked = self.schema_.columns[self.schema_.target], self.evaluation
        if asked.sensitive and (self.schema_.target_is_number or self.schema_.target_is_text):
            raise ValueError("evaluation.sensitive is for a target that is a category")
        if asked.positive is not None and target.values is not None and asked.positive not in target.values:
            raise ValueError(f'evaluation.positive is "{asked.positive}"; allowed: {", ".join(target.values)}')
        return self
