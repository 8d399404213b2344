"""Running a scratch project's stages in a process of their own, which sees nothing of the project around it."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import IO

from remint import paths
from remint.errors import RemintError
from remint.git import own_variables
from remint.proof.empty_store import copy_empty_store

Show = Callable[[str], None]
"Is told each line that the stages print."
_FOREIGN = ("PREFECT_API_URL", "DVC_STAGE", "REMINT_LIFELINE", "REMINT_CHECKPOINT_SECONDS", "REMINT_CHECKPOINT_STEPS")
_LAST_WORDS = 4000


def run_stages(root: Path, python: str, addresses: Iterable[str], show: Show) -> None:
    """Run stages, one after another, by the scratch project's own code, with a store of its own.

    Raises RemintError with what a failing stage says.
    """
    store = root / paths.MLFLOW_DB
    store.parent.mkdir(parents=True, exist_ok=True)
    if python == sys.executable:  # the MLflow of a rebuilt environment may have other tables
        copy_empty_store(store)
    command = [python, "-m", "remint.lifeline", str(os.getpid()), "remint.stages", *addresses]
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(
            command,
            cwd=root,
            env=_variables(root, store, python),
            stdout=subprocess.PIPE,
            stderr=said,
            text=True,
            start_new_session=True,
        )
        try:
            assert process.stdout is not None
            for line in process.stdout:
                show(line.rstrip())
            code = process.wait()
        except BaseException:
            process.kill()
            process.wait()
            raise
        if code:
            raise RemintError(f"the stages failed in the scratch project:\n{_last_words(said) or f'exit code {code}'}")


def _variables(root: Path, store: Path, python: str) -> dict[str, str]:
    """Give the environment: the scratch project's code goes before everything, and this project's is not seen."""
    here = Path.cwd()
    given = [place for place in os.environ.get("PYTHONPATH", "").split(os.pathsep) if place]
    others = [place for place in given if not Path(place).absolute().is_relative_to(here)]
    others = others if python == sys.executable else []  # a rebuilt environment has its own packages alone
    variables = {name: value for name, value in own_variables().items() if name not in _FOREIGN}
    return variables | {
        "PYTHONPATH": os.pathsep.join([str(root / "src"), str(root), *others]),
        "PATH": os.pathsep.join([str(Path(python).parent), os.environ.get("PATH", os.defpath)]),
        "MLFLOW_TRACKING_URI": f"sqlite:///{store}",
        "REMINT_CHECKPOINT_SECONDS": "0",
    }


def _last_words(said: IO[bytes]) -> str:
    said.seek(0)
    return said.read().decode(errors="replace").strip()[-_LAST_WORDS:]
