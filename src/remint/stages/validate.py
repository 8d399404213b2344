"""Stage `validate`: is a raw dataset what its declaration says?"""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from remint import paths
from remint.config.base import Config
from remint.config.dataset import ExpectationsConfig, SchemaConfig, SplitConfig
from remint.config.messages import nearest
from remint.data.raw import read_raw
from remint.errors import ConfigError, DataError
from remint.files import write_json, write_text, writing_folder
from remint.validation.page import page
from remint.validation.run import validate

FILE, TOP = paths.DATASETS_FILE, "datasets"
REPORT, PAGE = "report.json", "report.html"


class Section(Config):
    """What the stage sees of a dataset."""

    modality: Literal["tabular", "image"]
    schema_: Annotated[SchemaConfig, Field(alias="schema")]
    split: SplitConfig
    expectations: ExpectationsConfig = ExpectationsConfig()


def inputs(name: str, _section: Section) -> tuple[Path, ...]:
    """Name the data that the stage reads."""
    return (paths.raw(name),)


def run(name: str, section: Section) -> None:
    """Check a raw dataset and write what was found, as JSON for DVC and as a page for people.

    Raises ConfigError for expectations that cannot apply, and, after both reports are written, DataError that names
    each expectation that does not hold.
    """
    _check_declaration(name, section)
    report = validate(read_raw(paths.raw(name)), section.modality, section.schema_, section.split, section.expectations)
    with writing_folder(paths.report("validate", name)) as out:
        write_json(out / REPORT, report.content(name))
        write_text(out / PAGE, page(name, report))
    if not report.success:
        raise DataError(report.message(name, str(paths.report("validate", name) / PAGE)))


def _check_declaration(name: str, section: Section) -> None:
    """Refuse expectations that could never fail, as they speak of something that the dataset does not have."""
    where, target = f"{FILE}: {TOP}.{name}.expectations", section.schema_.columns[section.schema_.target]
    if section.expectations.images is not None and section.modality != "image":
        raise ConfigError(
            f'{where}.images is declared, but modality is "{section.modality}"; allowed: modality "image"'
        )
    if section.expectations.class_share and section.schema_.target_is_number:
        raise ConfigError(f"{where}.class_share is declared, but the target is a number; allowed: a category as target")
    for value in section.expectations.class_share:
        if target.values is not None and value not in target.values:
            allowed, hint = ", ".join(target.values), nearest(value, target.values)
            raise ConfigError(f'{where}.class_share names "{value}"; allowed: {allowed}{hint}')
