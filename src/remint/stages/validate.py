"""Stage `validate`: is a raw dataset what its declaration says?"""

from pathlib import Path
from typing import Annotated

from pydantic import Field

from remint import paths
from remint.config.base import Config
from remint.config.dataset import CleaningConfig, ExpectationsConfig, Modality, SchemaConfig, SplitConfig
from remint.config.messages import nearest
from remint.data.raw import read_raw
from remint.errors import ConfigError, DataError
from remint.files import write_json, write_text, writing_folder
from remint.preprocessing.cleaning_check import check_cleaning
from remint.validation.page import page
from remint.validation.run import validate

FILE, TOP = paths.DATASETS_FILE, "datasets"
REPORT, PAGE = "report.json", "report.html"


class Section(Config):
    """What the stage sees of a dataset."""

    modality: Modality
    schema_: Annotated[SchemaConfig, Field(alias="schema")]
    split: SplitConfig
    expectations: ExpectationsConfig = ExpectationsConfig()
    cleaning: CleaningConfig = CleaningConfig()


def inputs(name: str, _section: Section) -> tuple[Path, ...]:
    """Name the data that the stage reads."""
    return (paths.raw(name),)


def run(name: str, section: Section) -> None:
    """Check a raw dataset and write what was found and cleaned, as JSON for DVC and as a page for people.

    Raises ConfigError for a declaration that cannot apply, and, after both reports are written, DataError that names
    each expectation that does not hold.
    """
    _check_declaration(name, section)
    declared = (section.modality, section.schema_, section.split, section.expectations, section.cleaning)
    report = validate(read_raw(paths.raw(name)), *declared)
    with writing_folder(paths.report("validate", name)) as out:
        write_json(out / REPORT, report.content(name))
        write_text(out / PAGE, page(name, report))
    if not report.success:
        raise DataError(report.message(name, str(paths.report("validate", name) / PAGE)))


def _check_declaration(name: str, section: Section) -> None:
    """Refuse what could never fail or never apply, as it speaks of something that the dataset does not have."""
    _check_modality(f"{FILE}: {TOP}.{name}", section)
    _check_classes(f"{FILE}: {TOP}.{name}.expectations", section)
    _check_cleaning(f"{FILE}: {TOP}.{name}.cleaning", section)


def _check_modality(where: str, section: Section) -> None:
    expected = {"images": ("image", section.expectations.images), "texts": ("text", section.expectations.texts)}
    for key, (modality, declared) in expected.items():
        if declared is not None and section.modality != modality:
            raise ConfigError(
                f'{where}.expectations.{key} is declared, but modality is "{section.modality}"; '
                f'allowed: modality "{modality}"'
            )
    if section.modality == "text" and section.schema_.text is None:
        raise ConfigError(f"{where}: {section.schema_.no_text}")
    if section.modality == "series" and section.split.kind != "time":
        raise ConfigError(f'{where}.split.kind is "{section.split.kind}", but modality is "series"; allowed: "time"')


def _check_classes(where: str, section: Section) -> None:
    schema, target = section.schema_, section.schema_.columns[section.schema_.target]
    if section.expectations.class_share and (schema.target_is_number or schema.target_is_text):
        what = "number" if schema.target_is_number else "text"
        raise ConfigError(f"{where}.class_share is declared, but the target is a {what}; allowed: a category as target")
    for value in section.expectations.class_share:
        if target.values is not None and value not in target.values:
            allowed, hint = ", ".join(target.values), nearest(value, target.values)
            raise ConfigError(f'{where}.class_share names "{value}"; allowed: {allowed}{hint}')


def _check_cleaning(where: str, section: Section) -> None:
    check_cleaning(section.schema_, section.cleaning, where)
    target, series = section.schema_.target, section.modality == "series"
    if target in section.cleaning.columns and section.cleaning.columns[target].impute is not None and not series:
        raise ConfigError(
            f'{where}.columns.{target}.impute is declared, but {target} is the target; allowed in modality "series"'
        )
    for key, value in (
        ("duplicates", section.cleaning.duplicates),
        ("contradictions", section.cleaning.contradictions),
    ):
        if value == "drop" and series:
            raise ConfigError(f'{where}.{key} is "drop", but steps of a series may be alike; allowed: "keep"')
