"""Parts of a file of raw inputs, as every reader gives them."""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from remint.errors import DataError
from remint.registry.input_schema import InputSchema

BLOCK = 4 << 20
"Bytes of a CSV file read at a time; no row may be longer."


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


def wanted(path: Path, names: Collection[str], schema: InputSchema) -> list[str]:
    """Name the columns to read: those that the model takes, and keys. Raises DataError where columns do not fit."""
    try:
        schema.check_columns(names)
    except DataError as error:
        raise DataError(f"{path}: {error}") from None
    return [name for name in names if name in schema.taken or name in schema.keys]


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """Turn what goes wrong while a file is read into a DataError that names it."""
    import pyarrow as pa

    try:
        yield
    except (pa.ArrowException, UnicodeDecodeError) as error:
        said = str(error).splitlines()[0]
        if "straddling object" in said:
            said = f"a row is longer than {BLOCK >> 20} MB; allowed: shorter ones, or .jsonl or .parquet"
        raise DataError(f"{path} cannot be read: {said}") from None
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror or error}") from None
