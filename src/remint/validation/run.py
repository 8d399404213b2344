"""Validating a raw dataset against its declaration."""

from dataclasses import replace

from remint.config.dataset import CleaningConfig, ExpectationsConfig, SchemaConfig, SplitConfig
from remint.data.raw import RawData
from remint.errors import DataError
from remint.validation.cleaned import cleaning_summary
from remint.validation.derive import NO_CLEANING, derive
from remint.validation.engine import check
from remint.validation.report import Report
from remint.validation.suite import suite
from remint.validation.summary import column_summaries, image_summary, split_summaries
from remint.validation.text_summary import text_summary
from remint.validation.times import series_summary


def validate(
    raw: RawData,
    modality: str,
    schema: SchemaConfig,
    split: SplitConfig,
    expectations: ExpectationsConfig,
    cleaning: CleaningConfig = NO_CLEANING,
) -> Report:
    """Check all that is expected of a dataset, describe it, and count what cleaning does to it.

    A broken expectation is no exception but a part of the report. Raises DataError for data of another modality, and
    ConfigError for a cleaning that does not fit the schema.
    """
    _check_modality(raw, modality)
    raw = replace(raw, rows=raw.rows.reset_index(drop=True))
    tables = derive(raw, schema, split, expectations, modality, cleaning)
    return Report(
        rows=len(raw.rows),
        outcomes=check(suite(modality, schema, split, expectations), tables, raw.rows),
        columns=column_summaries(raw.rows, schema, tables),
        splits=split_summaries(schema, tables),
        images=image_summary(raw, tables),
        texts=text_summary(raw.rows, schema, tables) if modality == "text" else None,
        series=series_summary(raw.rows, schema, split) if modality == "series" else None,
        cleaning=cleaning_summary(raw.rows, raw.images, schema, cleaning, tables.cleaning),
    )


def _check_modality(raw: RawData, modality: str) -> None:
    if modality == "image" and raw.images is None:
        raise DataError("modality is image, but the raw data holds no images; allowed: a format that gives images")
    if modality != "image" and raw.images is not None:
        raise DataError(f"modality is {modality}, but the raw data holds images; allowed: modality image")
    if raw.images is not None and len(raw.images) != len(raw.rows):
        raise DataError(
            f"the raw data holds {len(raw.images)} images and {len(raw.rows)} rows; allowed: one image a row"
        )
