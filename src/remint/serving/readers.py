"""Files of raw inputs, read piece by piece: each piece as many rows as the predictor takes at a time."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd

from remint.errors import ConfigError, DataError
from remint.formats.image_folder import SUFFIXES
from remint.registry.input_schema import InputSchema
from remint.serving.pictures import decoded
from remint.serving.pieces import Piece, Source, reading
from remint.serving.table_readers import read_csv, read_json_lines, read_parquet

READERS = {".csv": read_csv, ".parquet": read_parquet, ".jsonl": read_json_lines, ".ndjson": read_json_lines}
"Of tables, by suffix."


def open_source(path: Path, schema: InputSchema, rows: int | None) -> Source:
    """Open a file, by its suffix, or a folder of images. `rows`: rows of a piece, None for all at once.

    Raises ConfigError for a kind of file that the model does not take, DataError for one that cannot be read.
    """
    with reading(path):
        there = path.exists()
    if not there:
        raise DataError(f"{path} does not exist")
    if schema.image is not None:
        return _images(path, schema.image, rows or 1)
    suffix = path.suffix.lower()
    if schema.text is not None and suffix == ".txt" and path.is_file():
        return _lines(path, schema.text, rows)
    if path.is_dir() or suffix not in READERS:
        allowed = ", ".join((*READERS, *((".txt",) if schema.text is not None else ())))
        raise ConfigError(f"{path} is {'a folder' if path.is_dir() else 'no table'}; allowed: a file {allowed}")
    return READERS[suffix](path, schema, rows)


def _lines(path: Path, column: str, rows: int | None) -> Source:
    def make() -> Iterator[Piece]:
        texts: list[str] = []
        numbers: list[int] = []
        done = given = 0
        with reading(path), path.open("rb") as file:
            for number, line in enumerate(file, start=1):
                done += len(line)
                text = _decode(path, number, line).rstrip("\r\n")
                if text.strip():
                    texts.append(text)
                    numbers.append(number)
                if rows is not None and len(texts) == rows:
                    yield _lines_piece(column, texts, numbers, done)
                    texts, numbers, given = [], [], given + rows
        if texts or not given:
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
                    with reading(files[i]):
                        content = files[i].read_bytes()
                    images.append(decoded(str(files[i]), content, shape))
                except DataError as error:
                    broken[row] = str(error)
            stacked = np.stack(images) if images else np.zeros((0, *shape), dtype=np.uint8)
            keys = pd.DataFrame({"file": pd.Series([names[i] for i in chosen], dtype="str")})
            yield Piece(stacked, keys, broken, chosen.stop)

    return Source(len(files), make())
