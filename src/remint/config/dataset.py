"""Declaration of a dataset: an entry under `datasets:` of `datasets.yaml`."""

from typing import Annotated, Any, Literal

from pydantic import Field, PositiveInt, StringConstraints, model_validator

from remint.config.base import Config, Name

Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
Share = Annotated[float, Field(ge=0, le=1)]


class PackageSource(Config):
    """A file inside a wheel or source archive of the Python package index; nothing of it is installed."""

    kind: Literal["package"]
    name: str
    version: str
    path: str
    "Path of the file inside the archive."


class FileSource(Config):
    """A file on this machine; a relative path starts at the project's root."""

    kind: Literal["file"]
    path: str


class UrlSource(Config):
    """Any URL that fsspec reads: https, s3, gs, file, …"""

    kind: Literal["url"]
    url: str


Source = Annotated[PackageSource | FileSource | UrlSource, Field(discriminator="kind")]


class SourceFile(Config):
    """One file of a dataset: its digest, and where it can be had, in order of preference."""

    sha256: Sha256
    alternatives: Annotated[tuple[Source, ...], Field(alias="from", min_length=1)]


class CsvFormat(Config):
    """Delimited text, zipped or gzipped or plain; one header row, a row an example."""

    kind: Literal["csv"]
    delimiter: Annotated[str, StringConstraints(min_length=1, max_length=1)] = ","
    encoding: str = "utf-8"
    text_columns: tuple[str, ...] = ()
    "Columns kept as text although they look like numbers, such as postcodes."
    missing: tuple[str, ...] = ("", "NA", "NaN", "nan", "?")
    "Texts that stand for a missing value."
    one_hot: tuple[str, ...] = ()
    "Prefixes of one-hot columns to put back together: `sex` takes `sex_Female` and `sex_Male`."


class CsvImagesFormat(Config):
    """Delimited text without a header: one image a row, pixels in C order, its label in one column."""

    kind: Literal["csv-images"]
    channels: PositiveInt = 1
    height: PositiveInt
    width: PositiveInt
    label: int = -1
    "Index of the label's column; −1 is the last."


class ImageFolderFormat(Config):
    """A zip or tar archive of image files in one folder a class: `…/CLASS/NAME.png`."""

    kind: Literal["image-folder"]


Format = Annotated[CsvFormat | CsvImagesFormat | ImageFolderFormat, Field(discriminator="kind")]


class SourceConfig(Config):
    """Where a dataset's raw data comes from and how it is read."""

    files: Annotated[dict[str, SourceFile], Field(min_length=1)]
    "File name to source. Several files of one format are read in this order, one after the other."
    format: Format
    refresh: bool = False
    "The content moves: `remint run --refresh` and schedules fetch it again and renew the sha256 in `datasets.yaml`."


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
    columns: Annotated[dict[str, Column], Field(min_length=1)]

    @model_validator(mode="after")
    def _target_is_a_column(self) -> "SchemaConfig":
        if self.target not in self.columns:
            raise ValueError(f"target is {self.target!r}; allowed: {', '.join(self.columns)}")
        if self.columns[self.target].type == "text":
            raise ValueError(f"target {self.target!r} is text; allowed: category, boolean, integer, float")
        return self

    @property
    def target_is_number(self) -> bool:
        """Whether the target calls for regression."""
        return self.columns[self.target].type in ("integer", "float")

    def features(self) -> tuple[str, ...]:
        """Names of the columns that reach the model, in declared order."""
        return tuple(n for n, c in self.columns.items() if c.role == "feature" and n != self.target)


class HashSplit(Config):
    """Each row goes where the hash of its key says, so that new rows never move old ones."""

    kind: Literal["hash"]
    key: tuple[str, ...] = ()
    "Columns that identify a row; none: the whole row (for images the pixels), so that exact duplicates stay together."
    val: Annotated[float, Field(gt=0, lt=1)] = 0.1
    test: Annotated[float, Field(gt=0, lt=1)] = 0.1

    @model_validator(mode="after")
    def _train_is_left(self) -> "HashSplit":
        if self.val + self.test >= 1:
            raise ValueError(f"val {self.val:g} and test {self.test:g} leave nothing for train; allowed: a sum below 1")
        return self


class ColumnSplit(Config):
    """The dataset's own split: a column of `train`, `val`, `test`; without `val`, a hash cuts it from train."""

    kind: Literal["column"]
    column: str
    key: tuple[str, ...] = ()
    val: Annotated[float, Field(gt=0, lt=1)] = 0.1


SplitConfig = Annotated[HashSplit | ColumnSplit, Field(discriminator="kind")]


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


class TabularPreprocessing(Config):
    """Standardised numbers and category codes; what is fitted, is fitted on the train split."""

    log: tuple[str, ...] = ()
    "Numeric columns x to replace by log(1 + x)."


class BaselineConfig(Config):
    """A scikit-learn estimator to hold every network against."""

    estimator: Literal["constant", "linear", "gradient-boosting"]
    parameters: dict[str, Any] = {}
    "Keyword arguments of the estimator."


class DatasetConfig(Config):
    """A dataset. What a stage reads is spelled out, if only as `{}`: DVC refuses to track a key that is not there."""

    description: str = ""
    license: str = ""
    modality: Literal["tabular", "image"]
    source: SourceConfig
    schema_: Annotated[SchemaConfig, Field(alias="schema")]
    split: SplitConfig
    expectations: ExpectationsConfig
    preprocessing: TabularPreprocessing
    baselines: dict[Name, BaselineConfig]
