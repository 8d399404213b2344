"""Making sure that a command runs at the root of a project, with the code of that project."""

from pathlib import Path

import remint
from remint import paths
from remint.errors import RemintError


def require_project() -> None:
    """Raise RemintError where this is no project, or where another copy of remint than the project's own would run.

    The pipeline records the code under `src/remint` as what made its outputs, so no other may run.
    """
    for file in (paths.PIPELINE_FILE, paths.DATASETS_FILE, paths.PARAMS_FILE):
        if not file.exists():
            raise RemintError(f"{file} is missing here; remint runs at the root of a project")
    ours, running = Path("src/remint").resolve(), Path(remint.__path__[0]).resolve()
    if ours.exists() and ours != running:
        raise RemintError(f"this project's code is {ours}, but remint runs from {running}; run `make setup` here")
