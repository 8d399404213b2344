"""Tables: CSV, Parquet and JSON lines."""

import io
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, BinaryIO

import pandas as pd

from remint.errors import DataError
from remint.registry.input_schema import InputSchema
from remint.serving import pieces
from remint.serving.pieces import Piece, Source, reading, wanted
from remint.serving.tables import ended, parse_json, records_to_columns, table_of_texts, table_of_values

TYPES = {"integer": "int64", "float": "float64", "boolean": "bool"}
"Declared type of a key to pyarrow's, for one of which nothing else is known; all others are texts."


def read_csv(path: Path, schema: InputSchema, rows: int | None) -> Source:
    """Read a CSV file, `rows` at a time, None for all at once. Raises DataError."""
    from pyarrow import csv

    read = csv.ReadOptions(block_size=pieces.BLOCK)

    def make(columns: list[str]) -> Iterator[tuple[Any, int]]:
        convert = csv.ConvertOptions(
            column_types=dict.fromkeys(schema.columns, "string"), strings_can_be_null=False, include_columns=columns
        )
        parse = csv.ParseOptions(newlines_in_values=True)
        with reading(path), _opened(path) as file, csv.open_csv(file, read, parse, convert) as batches:
            for batch in batches:
                yield batch, file.tell()

    # Closed, since a thread of Arrow's that still reads ahead would abort the process when it ends.
    with reading(path), _opened(path) as file, csv.open_csv(file, read) as begun:
        names = begun.schema.names
    columns = wanted(path, names, schema)

    def typed(table: pd.DataFrame) -> pd.DataFrame:
        return table_of_texts({str(name): column for name, column in table.items()}, schema)

    return Source(path.stat().st_size, _arrow_pieces(make(columns), columns, schema, rows, typed))


def _opened(path: Path) -> BinaryIO:
    file = path.open("rb")
    first = file.read(pieces.BLOCK)
    whole = ended(first)
    if len(first) < pieces.BLOCK and len(whole) > len(first):
        file.close()
        return io.BytesIO(whole)
    file.seek(0)
    return file


def read_parquet(path: Path, schema: InputSchema, rows: int | None) -> Source:
    """Read a Parquet file, `rows` at a time, None for all at once. Raises DataError."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    with reading(path):
        file = pq.ParquetFile(path)
    index = _index_of(file.schema_arrow) - set(schema.columns)
    columns = wanted(path, [name for name in file.schema_arrow.names if name not in index], schema)

    def make() -> Iterator[tuple[Any, int]]:
        done = 0
        with reading(path):
            for batch in file.iter_batches(batch_size=rows or 1 << 16, columns=columns):
                done += batch.num_rows
                plain = [c.dictionary_decode() if pa.types.is_dictionary(c.type) else c for c in batch.columns]
                yield pa.RecordBatch.from_arrays(plain, names=batch.schema.names), done

    return Source(file.metadata.num_rows, _arrow_pieces(make(), columns, schema, rows, lambda table: table))


def _index_of(schema: Any) -> set[str]:
    """Name the columns that were the index of the table that pandas wrote."""
    try:
        index = json.loads(schema.metadata[b"pandas"])["index_columns"]
        return {name for name in index if isinstance(name, str)}
    except (KeyError, TypeError, ValueError):  # written by something else
        return set()


def _arrow_pieces(
    batches: Iterator[tuple[Any, int]],
    columns: list[str],
    schema: InputSchema,
    rows: int | None,
    typed: Callable[[pd.DataFrame], pd.DataFrame],
) -> Iterator[Piece]:
    import pyarrow as pa

    held: list[Any] = []
    first = count = done = 0
    for batch, done in batches:
        held, count = [*held, batch], count + batch.num_rows
        while rows is not None and count >= rows:
            table = pa.Table.from_batches(held)
            yield _table_piece(table.slice(0, rows), schema, first, done, typed)
            held, count, first = table.slice(rows).to_batches(), count - rows, first + rows
    if count or not first:
        none = pa.table({name: pa.array([], pa.string()) for name in columns})
        yield _table_piece(pa.Table.from_batches(held) if held else none, schema, first, done, typed)


def _table_piece(
    table: Any, schema: InputSchema, first: int, done: int, typed: Callable[[pd.DataFrame], pd.DataFrame]
) -> Piece:
    names = table.column_names
    frame = table.select([name for name in names if name in schema.taken]).to_pandas()
    keys = table.select([name for name in schema.keys if name in names]).to_pandas(types_mapper=pd.ArrowDtype)
    keys.index = pd.RangeIndex(table.num_rows)
    return Piece(typed(frame.set_axis(pd.RangeIndex(first, first + table.num_rows))), keys, done=done)


def read_json_lines(path: Path, schema: InputSchema, rows: int | None) -> Source:
    """Read a file of JSON objects, a line each, `rows` at a time, None for all at once. Raises DataError."""

    def make() -> Iterator[Piece]:
        records: list[dict[str, Any]] = []
        seen: dict[str, None] = {}
        first = done = 0
        with reading(path), path.open("rb") as file:
            for number, line in enumerate(file, start=1):
                done += len(line)
                if line.strip():
                    records.append(_record(path, number, line))
                if rows is not None and len(records) == rows:
                    yield _records_piece(path, records, schema, seen, first, done)
                    first, records = first + len(records), []
        if records or not first:
            yield _records_piece(path, records, schema, seen, first, done)

    return Source(path.stat().st_size, make())


def _record(path: Path, number: int, line: bytes) -> dict[str, Any]:
    try:
        record = parse_json(line)
    except DataError as error:
        raise DataError(f"{path}, line {number}: {error}") from None
    if not isinstance(record, dict):
        raise DataError(f"{path}, line {number} holds {json.dumps(record)[:40]}; allowed: an object")
    return record


def _records_piece(
    path: Path, records: list[dict[str, Any]], schema: InputSchema, seen: dict[str, None], first: int, done: int
) -> Piece:
    try:
        columns = records_to_columns(records, schema, seen) if records else {name: [] for name in schema.taken}
    except DataError as error:
        raise DataError(f"{path}: {error}") from None
    index = pd.RangeIndex(first, first + len(records))
    keys = {name: _key([record.get(name) for record in records], schema, name) for name in schema.keys}
    return Piece(
        table_of_values(columns, schema).set_axis(index), pd.DataFrame(keys, index=range(len(records))), done=done
    )


def _key(values: list[Any], schema: InputSchema, name: str) -> "pd.Series[Any]":
    """Give every key as it was found, in every piece, even where no record has it."""
    import pyarrow as pa

    if any(value is not None for value in values):
        return pd.Series(values, dtype=object)
    kind = pa.type_for_alias(TYPES.get(schema.columns[name].type, "string"))
    return pd.Series(values, dtype=pd.ArrowDtype(kind))
