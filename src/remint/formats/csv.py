"""Format `csv`: delimited text with a header, read by pandas; one-hot columns are put back together."""

from pathlib import Path

import pandas as pd

from remint.config.dataset import CsvFormat
from remint.config.messages import nearest
from remint.data.raw import RawData
from remint.errors import DataError
from remint.formats.one_hot import from_one_hot
from remint.formats.text import TextFile, check_widths, header, parsing
from remint.formats.unpack import unpacked


def read_file(name: str, path: Path, form: CsvFormat) -> RawData:
    """Read one file; types are pandas' inference except for text columns, and infinities stay.

    Raises DataError: a row with too few or too many fields, bytes that are not of the encoding, an unknown or
    repeated column, one-hot columns that do not say one value.
    """
    file = TextFile(name, path, form.delimiter, form.encoding)
    columns = header(file)
    for column in form.text_columns:
        if column not in columns:
            raise DataError(f'{name}: text_columns names "{column}", which is no column{nearest(column, columns)}')
    rows = _parsed(file, form, len(columns))
    if rows.shape[1] > 1 and _has_gaps(rows.iloc[:, -1]):
        check_widths(file, len(columns))
    return RawData(from_one_hot(name, rows, form.one_hot))


def _parsed(file: TextFile, form: CsvFormat, fields: int) -> pd.DataFrame:
    with parsing(file, fields), unpacked(file.name, file.path) as stream:
        rows = pd.read_csv(
            stream,
            engine="c",
            sep=form.delimiter,
            encoding=form.encoding,
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
