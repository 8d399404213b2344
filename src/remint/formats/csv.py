"""Format `csv`: delimited text, read by pandas; one-hot columns are put back together, classes cut out of numbers."""

import csv
from pathlib import Path

import pandas as pd

from remint.config.messages import nearest
from remint.config.source import CsvFormat
from remint.data.raw import RawData
from remint.errors import DataError
from remint.formats.classes import with_classes
from remint.formats.one_hot import from_one_hot
from remint.formats.text import TextFile, check_widths, header, parsing
from remint.formats.unpack import unpacked


def read_file(name: str, path: Path, form: CsvFormat) -> RawData:
    """Read one file; types are pandas' inference except for text columns, and infinities stay.

    Raises DataError: a row with too few or too many fields, bytes that are not of the encoding, an unknown or
    repeated column, one-hot columns that do not say one value, classes of what is no number.
    """
    file = TextFile(name, path, form.delimiter, form.encoding, form.member, form.names, form.skip, form.quotes)
    columns = header(file)
    for column in form.text_columns:
        if column not in columns:
            raise DataError(f'{name}: text_columns names "{column}", which is no column{nearest(column, columns)}')
    rows = _parsed(file, form, columns)
    if rows.shape[1] > 1 and _has_gaps(rows.iloc[:, -1]):
        check_widths(file, len(columns))
    return RawData(with_classes(name, from_one_hot(name, rows, form.one_hot), form.classes_from))


def _parsed(file: TextFile, form: CsvFormat, columns: list[str]) -> pd.DataFrame:
    first = 0 if form.names else 1
    with parsing(file, len(columns)), unpacked(file.name, file.path, file.member) as stream:
        rows = pd.read_csv(
            stream,
            engine="c",
            sep=form.delimiter,
            encoding=form.encoding,
            header=None if form.names else 0,
            names=columns if form.names else None,
            skiprows=range(first, first + form.skip) if form.skip else None,
            quoting=csv.QUOTE_MINIMAL if form.quotes else csv.QUOTE_NONE,
            index_col=False,
            dtype=dict.fromkeys(form.text_columns, "str"),
            keep_default_na=False,
            na_values=list(form.missing),
            low_memory=False,  # else a long column's type can differ from piece to piece
        )
    return _without_huge_integers(rows)


def _has_gaps(last: pd.Series) -> bool:
    """Tell whether rows may have been too short: pandas fills them up from the right."""
    return bool(last.isna().any() or (pd.api.types.is_string_dtype(last.dtype) and last.eq("").any()))


def _without_huge_integers(rows: pd.DataFrame) -> pd.DataFrame:
    """Turn integers beyond 64 bits, which pandas keeps as Python's and Parquet cannot hold, into floats."""
    for column in rows.select_dtypes("object").columns:
        if pd.api.types.infer_dtype(rows[column], skipna=True) in ("integer", "mixed-integer-float", "floating"):
            rows[column] = rows[column].astype("float64")
    return rows
