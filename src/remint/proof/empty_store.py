"""An empty MLflow store in the form of the present one: making one by MLflow's migrations takes seconds."""

import sqlite3
from contextlib import closing
from pathlib import Path

from remint.tracking.address import sqlite_file

_REVISION = "alembic_version"


def copy_empty_store(target: Path) -> None:
    """Make an SQLite database with the tables of the present store and nothing in them.

    Does nothing where that is no SQLite file: whoever opens `target` makes it then.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    source = sqlite_file()
    if source is None or not source.is_file():
        return
    with closing(sqlite3.connect(f"{source.as_uri()}?mode=ro", uri=True)) as old:
        made = [sql for (sql,) in old.execute("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY rowid")]
        revisions = old.execute(f"SELECT version_num FROM {_REVISION}").fetchall()
    with closing(sqlite3.connect(target)) as new, new:
        for sql in made:
            if not sql.startswith("CREATE TABLE sqlite_"):
                new.execute(sql)
        new.executemany(f"INSERT INTO {_REVISION} VALUES (?)", revisions)
