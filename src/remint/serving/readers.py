"""Files of raw inputs, read piece by piece: each piece as many rows as the predictor takes at a time."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from remint.errors import ConfigError, DataError
from remint.formats.image_folder import SUFFIXES
from remint.registry.input_schema import InputSchema
from remint.serving.pictures import decoded
from remint.serving.tables import parse_json, records_to_columns, table_of_texts, table_of_values

TABLES = (".csv", ".parquet", ".jsonl", ".ndjson")


@dataclass(frozen=True)
class Piece:
    """Some rows of a file."""

    inputs: Any
    "As `Predictor.predict` takes them; a table's index is the row number in the file, from 0."
    keys: pd.DataFrame
    "What tells each row apart, its columns copied as they stand in the file (N)."
    broken: dict[int, str] = field(default_factory=dict)
    "What is wrong with images that are none, by row of `keys`; `inputs` lacks them."
    done: int = 0
    "How much of `Source.total` this piece ends."


@dataclass(frozen=True)
class Source:
    """A file to read."""

    total: int
    "Rows, files or bytes in all: what `Piece.done` counts."
    pieces: Iterator[Piece]


def open_source(path: Path, schema: InputSchema, rows: int | None) -> Source:
    """Open a file, by its suffix, or a folder of images. `rows`: rows of a piece, None for all at once.

    Raises ConfigError for a kind of file that the model does not take, DataError for one that cannot be read.
    """
    if not path.exists():
        raise DataError(f"{path} does not exist")
    if schema.image is not None:
        return _images(path, schema.image, rows or 1)
    suffix = path.suffix.lower()
    if schema.text is not None and suffix == ".txt" and path.is_file():
        return _lines(path, schema.text, rows)
    kinds = {".csv": _csv, ".parquet": _parquet, ".jsonl": _json_lines, ".ndjson": _json_lines}
    if path.is_dir() or suffix not in kinds:
        allowed = ", ".join((*TABLES, *((".txt",) if schema.text is not None else ())))
        raise ConfigError(f"{path} is {'a folder' if path.is_dir() else 'no table'}; allowed: a file {allowed}")
    return kinds[suffix](path, schema, rows)


def _csv(path: Path, schema: InputSchema, rows: int | None) -> Source:
    from pyarrow import csv

    def make(columns: list[str]) -> Iterator[tuple[Any, int]]:
        convert = csv.ConvertOptions(
            column_types=dict.fromkeys(schema.columns, "string"), strings_can_be_null=False, include_columns=columns
        )
        with _reading(path), path.open("rb") as file:
            parse = csv.ParseOptions(newlines_in_values=True)
            for batch in csv.open_csv(file, parse_options=parse, convert_options=convert):
                yield batch, file.tell()

    with _reading(path), path.open("rb") as file:
        names = csv.open_csv(file, csv.ReadOptions(block_size=1 << 20)).schema.names
    taken = _wanted(path, names, schema)

    def typed(table: pd.DataFrame) -> pd.DataFrame:
        return table_of_texts({str(name): column for name, column in table.items()}, schema)

    return Source(path.stat().st_size, _arrow_pieces(make(taken), taken, schema, rows, typed))


def _parquet(path: Path, schema: InputSchema, rows: int | None) -> Source:
    import pyarrow as pa
    import pyarrow.parquet as pq

    with _reading(path):
        file = pq.ParquetFile(path)
    columns = _wanted(path, file.schema_arrow.names, schema)

    def make() -> Iterator[tuple[Any, int]]:
        done = 0
        with _reading(path):
            for batch in file.iter_batches(batch_size=rows or 1 << 16, columns=columns):
                done += batch.num_rows
                plain = [c.dictionary_decode() if pa.types.is_dictionary(c.type) else c for c in batch.columns]
                yield pa.RecordBatch.from_arrays(plain, names=batch.schema.names), done

    return Source(file.metadata.num_rows, _arrow_pieces(make(), columns, schema, rows, lambda table: table))


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
    frame = table.to_pandas().set_axis(pd.RangeIndex(first, first + table.num_rows))
    return Piece(typed(frame), _keys(frame, schema), done=done)


def _json_lines(path: Path, schema: InputSchema, rows: int | None) -> Source:
    def make() -> Iterator[Piece]:
        records: list[dict[str, Any]] = []
        first = done = 0
        with _reading(path), path.open("rb") as file:
            for number, line in enumerate(file, start=1):
                done += len(line)
                if line.strip():
                    records.append(_record(path, number, line))
                if rows is not None and len(records) == rows:
                    yield _records_piece(path, records, schema, first, done)
                    first, records = first + len(records), []
        if records or not first:
            yield _records_piece(path, records, schema, first, done)

    return Source(path.stat().st_size, make())


def _record(path: Path, number: int, line: bytes) -> dict[str, Any]:
    try:
        record = parse_json(line)
    except DataError as error:
        raise DataError(f"{path}, line {number}: {error}") from None
    if not isinstance(record, dict):
        raise DataError(f"{path}, line {number} holds {json.dumps(record)[:40]}; allowed: an object")
    return record


def _records_piece(path: Path, records: list[dict[str, Any]], schema: InputSchema, first: int, done: int) -> Piece:
    columns = records_to_columns(records)
    wanted = _wanted(path, list(columns), schema) if records else list(schema.taken)
    table = table_of_values({name: columns.get(name, []) for name in wanted}, schema)
    table = table.set_axis(pd.RangeIndex(first, first + len(records)))
    return Piece(table, _keys(table, schema), done=done)


def _lines(path: Path, column: str, rows: int | None) -> Source:
    def make() -> Iterator[Piece]:
        texts: list[str] = []
        numbers: list[int] = []
        done = 0
        with _reading(path), path.open("rb") as file:
            for number, line in enumerate(file, start=1):
                done += len(line)
                text = _decode(path, number, line).rstrip("\r\n")
                if text.strip():
                    texts.append(text)
                    numbers.append(number)
                if rows is not None and len(texts) == rows:
                    yield _lines_piece(column, texts, numbers, done)
                    texts, numbers = [], []
        if texts or not done:
            yield _lines_piece(column, texts, numbers, done)

    return Source(path.stat().st_size, make())


def _decode(path: Path, number: int, line: bytes) -> str:
    try:
        return line.decode("utf-8-sig" if number == 1 else "utf-8")
    except UnicodeDecodeError as error:
        raise DataError(f"{path}, line {number}: byte {error.start} is {line[error.start]:#04x}, no utf-8") from None


def _lines_piece(column: str, texts: list[str], numbers: list[int], done: int) -> Piece:
    table = pd.DataFrame({column: pd.Series(texts, dtype="str")}).set_axis(pd.Index(numbers, dtype=np.int64))
    return Piece(table, pd.DataFrame({"line": np.array(numbers, dtype=np.int64)}), done=done)


def _images(path: Path, shape: tuple[int, int, int], rows: int) -> Source:
    files = sorted(file for file in path.rglob("*") if file.suffix.lower() in SUFFIXES) if path.is_dir() else [path]
    if not files:
        raise DataError(f"{path} holds no image file; allowed: {', '.join(sorted(SUFFIXES))}")
    names = [file.relative_to(path).as_posix() if path.is_dir() else file.name for file in files]

    def make() -> Iterator[Piece]:
        for start in range(0, len(files), rows):
            images: list[np.ndarray] = []
            broken: dict[int, str] = {}
            chosen = range(start, min(start + rows, len(files)))
            for row, i in enumerate(chosen):
                try:
                    images.append(decoded(str(files[i]), files[i].read_bytes(), shape))
                except (DataError, OSError) as error:
                    broken[row] = str(error)
            stacked = np.stack(images) if images else np.zeros((0, *shape), dtype=np.uint8)
            keys = pd.DataFrame({"file": pd.Series([names[i] for i in chosen], dtype="str")})
            yield Piece(stacked, keys, broken, chosen.stop)

    return Source(len(files), make())


def _wanted(path: Path, names: list[str], schema: InputSchema) -> list[str]:
    """Name the columns to read: those that the model takes, and keys. Raises DataError where columns do not fit."""
    try:
        schema.check_columns(pd.DataFrame(columns=pd.Index(names, dtype=object)))
    except DataError as error:
        raise DataError(f"{path}: {error}") from None
    return [name for name in names if name in schema.taken or name in schema.keys]


def _keys(table: pd.DataFrame, schema: InputSchema) -> pd.DataFrame:
    return table[[name for name in schema.keys if name in table.columns]].reset_index(drop=True)


@contextmanager
def _reading(path: Path) -> Iterator[None]:
    """Turn what goes wrong while a file is read into a DataError that names it."""
    import pyarrow as pa

    try:
        yield
    except (pa.ArrowException, UnicodeDecodeError) as error:
        raise DataError(f"{path} cannot be read: {str(error).splitlines()[0]}") from None
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror or error}") from None
