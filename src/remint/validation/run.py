"""Validating a raw dataset against its declaration."""

from remint.config.dataset import ExpectationsConfig, SchemaConfig, SplitConfig
from remint.data.raw import RawData
from remint.errors import DataError
from remint.validation.derive import derive
from remint.validation.engine import check
from remint.validation.report import Report
from remint.validation.suite import suite
from remint.validation.summary import column_summaries, image_summary, split_summaries


def validate(
    raw: RawData, modality: str, schema: SchemaConfig, split: SplitConfig, expectations: ExpectationsConfig
) -> Report:
    """Check all that is expected of a dataset, and describe it.

    A broken expectation is no exception but a part of the report. Raises DataError for data of another modality.
    """
    _check_modality(raw, modality)
    raw = RawData(raw.rows.reset_index(drop=True), raw.images)
    tables = derive(raw, schema, split, expectations)
    return Report(
        rows=len(raw.rows),
        outcomes=check(suite(modality, schema, split, expectations), tables, raw.rows),
        columns=column_summaries(raw.rows, schema, tables),
        splits=split_summaries(schema, tables),
        images=image_summary(raw, tables),
    )


def _check_modality(raw: RawData, modality: str) -> None:
    if modality == "image" and raw.images is None:
        raise DataError("modality is image, but the raw data holds no images; allowed: a format that gives images")
    if modality == "tabular" and raw.images is not None:
        raise DataError("modality is tabular, but the raw data holds images; allowed: modality image")
    if raw.images is not None and len(raw.images) != len(raw.rows):
        raise DataError(
            f"the raw data holds {len(raw.images)} images and {len(raw.rows)} rows; allowed: one image a row"
        )
