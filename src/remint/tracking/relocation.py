"""Moving a project: MLflow writes down where artifacts lie as absolute paths, whatever it is given."""

import sqlite3
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

_LOCATIONS = (
    ("experiments", "artifact_location"),
    ("runs", "artifact_uri"),
    ("logged_models", "artifact_location"),
    ("model_versions", "source"),
    ("model_versions", "storage_location"),
)
"Every column of MLflow's tables that holds such a path."


def relocate(database: Path) -> None:
    """Make the locations in a SQLite store point beside the database again, if its folder was moved or copied."""
    here = database.parent
    if not (here / "artifacts").is_dir():
        return
    with closing(sqlite3.connect(database, timeout=20)) as connection, connection:
        for folder in _recorded_folders(connection):
            if folder != here.as_uri():
                _replace(connection, folder, here.as_uri())
                _replace(connection, url2pathname(urlsplit(folder).path), str(here))


def _replace(connection: sqlite3.Connection, old: str, new: str) -> None:
    """Replace the beginning of every location that lies in the folder `old`."""
    for table, column in _LOCATIONS:
        connection.execute(
            f"UPDATE {table} SET {column} = ? || substr({column}, ?) WHERE substr({column}, 1, ?) = ?",
            (new, len(old) + 1, len(old) + 1, f"{old}/"),
        )


def _recorded_folders(connection: sqlite3.Connection) -> set[str]:
    """Give the URIs of the folders that held the database, by the experiments that remint made."""
    rows = connection.execute("SELECT name, artifact_location FROM experiments").fetchall()
    ends = ((location or "", f"/artifacts/{name}") for name, location in rows)
    return {location.removesuffix(end) for location, end in ends if location.endswith(end)}
