"""Raw rows out of texts or JSON, each column as the type that it is declared to be where its values allow it.

A value that is not of the type stays as it was found, for the predictor to tell of.
"""

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from remint.errors import DataError
from remint.registry.input_schema import InputSchema

_TRUE, _FALSE = ("true", "True", "TRUE"), ("false", "False", "FALSE")


def table_of_texts(columns: Mapping[str, "pd.Series[Any]"], schema: InputSchema) -> pd.DataFrame:
    """Give rows (N) of columns of texts, as a CSV file holds them; columns that are not declared stay texts."""
    return pd.DataFrame({name: _of_texts(name, column, schema) for name, column in columns.items()}, copy=False)


def table_of_values(columns: Mapping[str, Sequence[Any]], schema: InputSchema) -> pd.DataFrame:
    """Give rows (N) of columns of JSON values."""
    return pd.DataFrame({name: _of_values(name, values, schema) for name, values in columns.items()}, copy=False)


def parse_json(content: bytes) -> Any:
    """Read JSON. Raises DataError that tells what is wrong, half a character in a text among it."""
    try:
        found = json.loads(content)
        if b"\\ud" in content.lower():  # the halves of a character, which stand for something in pairs alone
            json.dumps(found, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        raise DataError("no JSON: a text holds half a character (a surrogate without its other)") from None
    except (ValueError, RecursionError) as error:
        raise DataError(f"no JSON: {error}") from None
    return found


def ended(content: bytes) -> bytes:
    """End a CSV file that is one line without an end, which pyarrow takes for nothing."""
    return content if not content or b"\n" in content or b"\r" in content else content + b"\n"


def records_to_columns(
    records: Sequence[Mapping[str, Any]], schema: InputSchema, seen: dict[str, None] | None = None
) -> dict[str, list[Any]]:
    """Turn N rows into the columns that the model takes; a row that lacks a column that others have has None there.

    `seen` holds the columns of earlier rows, and gets those of these. Raises DataError for a column that is not
    declared, at the first row that has it, so that the cost is that of the rows; and for one that no row has.
    """
    seen = {} if seen is None else seen
    for record in records:
        for name in record:
            if name not in seen:
                schema.check_known(name)
                seen[name] = None
    schema.check_columns(seen)
    return {name: [record.get(name) for record in records] for name in schema.taken}


def _of_texts(name: str, column: "pd.Series[Any]", schema: InputSchema) -> "pd.Series[Any]":
    declared = schema.columns.get(name)
    if declared is None or name not in schema.taken or name == schema.text:
        return column
    column = column.mask(column.isin(schema.missing))
    if declared.type in ("integer", "float") or schema.stored.get(name) == "number":
        return _numbers(column)
    return _booleans(column) if schema.stored.get(name) == "boolean" else column


def _numbers(column: "pd.Series[Any]") -> "pd.Series[Any]":
    """Give numbers (float64, N), correctly rounded, or the texts (object, N) with numbers among them if not all are."""
    import pyarrow as pa
    import pyarrow.compute as pc

    try:
        numbers = pc.cast(pa.array(column, type=pa.string(), from_pandas=True), pa.float64())
        return pd.Series(numbers.to_numpy(zero_copy_only=False), index=column.index)
    except pa.ArrowInvalid:
        found = [value if isinstance(value, float) else _number(value) for value in column.tolist()]
        kind = object if any(isinstance(value, str) for value in found) else np.float64
        return pd.Series(found, index=column.index, dtype=kind)


def _number(text: str) -> float | str:
    try:
        return text if "_" in text else float(text)
    except ValueError:
        return text


def _booleans(column: "pd.Series[Any]") -> "pd.Series[Any]":
    return column.replace({**dict.fromkeys(_TRUE, "True"), **dict.fromkeys(_FALSE, "False")})


def _of_values(name: str, values: Sequence[Any], schema: InputSchema) -> "pd.Series[Any]":
    """Give a column of one type where all values are, so that it is handled as a whole."""
    declared = schema.columns.get(name)
    kinds = set(map(type, values))
    if declared is not None and declared.type in ("integer", "float") and kinds <= {int, float, type(None)}:
        try:
            return pd.Series([math.nan if value is None else float(value) for value in values], dtype=np.float64)
        except OverflowError:
            return pd.Series(values, dtype=object)
    if kinds and kinds <= {str, type(None)}:
        return pd.Series(values, dtype="str")
    return pd.Series(values, dtype=object)
