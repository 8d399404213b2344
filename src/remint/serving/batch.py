"""Predictions about a whole file, in memory that does not grow with it."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import numpy as np
import pandas as pd

from remint.errors import ConfigError, DataError, RemintError
from remint.files import writing
from remint.registry.predictor import OnError, Predictor
from remint.registry.problems import ERROR
from remint.serving.pieces import Piece
from remint.serving.readers import open_source
from remint.serving.writers import check_suffix, table_writer

Progress = Callable[[int, int], None]
"Called with how much is done and how much there is in all."


def predict_file(
    predictor: Predictor, inputs: Path, output: Path, on_error: OnError, progress: Progress
) -> tuple[int, int]:
    """Predict about every row of a file, or every image of a folder; give how many rows, and how many were skipped.

    The output holds the keys of each row and what is predicted, in the order of the input; with `on_error="skip"` the
    column `error` tells why a row has no prediction. It appears when all is done: after an error nothing is left.
    Rows are read as many at a time as the predictor takes; of a series all at once, as a row needs its history.
    Raises ConfigError, DataError, and RemintError where the output cannot be written.
    """
    with _told(output):
        check_suffix(output)
    source = open_source(inputs, predictor.schema, predictor.rows)
    rows = skipped = 0
    with _placing(inputs, output) as temporary, table_writer(temporary, output.suffix.lower()) as writer:
        for piece in source.pieces:
            table = _answered(predictor, piece, inputs, on_error)
            writer.write(table)
            rows += len(table)
            skipped += int(table[ERROR].notna().sum()) if on_error == "skip" else 0
            progress(piece.done, source.total)
    return rows, skipped


@contextmanager
def _placing(inputs: Path, output: Path) -> Iterator[Path]:
    """Give a path whose file takes the place of `output`, which may not be the input, when all went well."""
    with _told(output), _new_folders(output.parent):
        if output.exists() and output.samefile(inputs):
            raise ConfigError(f"{output} is the input, too; allowed: another file")
        file = next((place for place in output.parents if place.is_file()), None)
        if file is not None:
            raise ConfigError(f"{output} cannot be written: {file} is a file; allowed: a folder")
        with writing(output) as temporary:
            yield temporary


@contextmanager
def _told(output: Path) -> Iterator[None]:
    """Tell what the system has against an output; what it has against inputs, their readers tell."""
    try:
        yield
    except OSError as error:
        said = os.strerror(error.errno) if error.errno else str(error)  # pyarrow's own texts name the temporary file
        raise RemintError(f"{output} cannot be written: {said}") from None


@contextmanager
def _new_folders(folder: Path) -> Iterator[None]:
    """Take folders that were not there before away again after a failure."""
    new = [place for place in (folder, *folder.parents) if not place.exists()]
    try:
        yield
    except BaseException:
        with suppress(OSError):  # others may have put something there
            for place in new:
                place.rmdir()
        raise


def _answered(predictor: Predictor, piece: Piece, path: Path, on_error: OnError) -> pd.DataFrame:
    """Give the keys and predictions of a piece's rows."""
    if piece.broken and on_error == "raise":
        raise DataError(next(iter(piece.broken.values())))
    try:
        answer = predictor.predict(piece.inputs, on_error)
    except DataError as error:
        raise DataError(f"{path}: {error}") from None
    keys = piece.keys
    if isinstance(piece.inputs, pd.DataFrame):
        keys = keys.set_axis(piece.inputs.index).loc[answer.index] if len(answer) != len(keys) else keys
    elif piece.broken:
        answer = _with_broken(answer, piece.broken, len(keys))
    clashing = [name for name in keys if name in answer]
    return pd.concat(
        [keys.drop(columns=clashing).reset_index(drop=True), answer.reset_index(drop=True)], axis="columns"
    )


def _with_broken(answer: pd.DataFrame, broken: dict[int, str], rows: int) -> pd.DataFrame:
    whole = np.setdiff1d(np.arange(rows), np.array(list(broken), dtype=np.int64))
    answer = answer.set_axis(whole).reindex(range(rows))
    errors: Iterator[str | None] = (broken.get(row) for row in range(rows))
    return answer.assign(**{ERROR: pd.Series(list(errors), dtype=object)})
