"""Stage `ingest`: a dataset's declared files become raw rows, whatever their source and format."""

from pathlib import Path

from remint import paths
from remint.config.base import Config
from remint.config.source import FileSource, SourceConfig
from remint.data.raw import write_raw
from remint.formats.read import read
from remint.sources.fetch import fetch
from remint.sources.kept import keeping

FILE, TOP = paths.DATASETS_FILE, "datasets"


class Section(Config):
    """What the stage sees of a dataset."""

    source: SourceConfig


def inputs(_name: str, section: Section) -> tuple[Path, ...]:
    """Name the source files that lie inside the project.

    `dvc.yaml` does not list them: the sha256 in the section stands for their content.
    """
    files = [*section.source.files.values(), *section.source.pretrained.values()]
    alternatives = [a for file in files for a in file.alternatives]
    declared = [Path(a.path).expanduser() for a in alternatives if isinstance(a, FileSource)]
    return tuple(path for path in declared if path.absolute().is_relative_to(Path.cwd()) and path.is_file())


def run(name: str, section: Section) -> None:
    """Fetch the files, check their sha256, read them as raw rows.

    Writes `rows.parquet`, for images `images.safetensors`, and a pretrained model's files under `pretrained`. Raises
    DataError for what cannot be had or read.
    """
    source = section.source
    with keeping():
        files = {file_name: fetch(file_name, file) for file_name, file in source.files.items()}
        pretrained = {file_name: fetch(file_name, file) for file_name, file in source.pretrained.items()}
    columns = {file_name: file.columns for file_name, file in source.files.items()}
    write_raw(paths.raw(name), read(files, source.format, columns), pretrained)
