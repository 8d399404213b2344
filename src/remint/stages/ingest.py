"""Stage `ingest`: a dataset's declared files become raw rows, whatever their source and format."""

from pathlib import Path

from remint import paths
from remint.config.base import Config
from remint.config.dataset import FileSource, SourceConfig
from remint.data.raw import write_raw
from remint.formats.read import read
from remint.sources.fetch import fetch

FILE, TOP = paths.DATASETS_FILE, "datasets"


class Section(Config):
    """What the stage sees of a dataset."""

    source: SourceConfig


def inputs(_name: str, section: Section) -> tuple[Path, ...]:
    """Name the source files that lie inside the project.

    `dvc.yaml` does not list them: the sha256 in the section stands for their content.
    """
    alternatives = [a for file in section.source.files.values() for a in file.alternatives]
    declared = [Path(a.path) for a in alternatives if isinstance(a, FileSource)]
    return tuple(path for path in declared if not path.is_absolute() and path.is_file())


def run(name: str, section: Section) -> None:
    """Fetch the files, check their sha256, read them as raw rows.

    Writes `rows.parquet` and, for images, `images.safetensors`. Raises DataError for what cannot be had or read.
    """
    files = {file_name: fetch(file_name, file) for file_name, file in section.source.files.items()}
    write_raw(paths.raw(name), read(files, section.source.format))
