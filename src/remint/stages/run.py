"""Running one stage by name, and making sure that it reads what is declared, and that nothing changes under it."""

import importlib
import os
from pathlib import Path
from typing import Any

import remint
from remint import paths
from remint.config.load import load_section
from remint.config.messages import nearest
from remint.environment import quick_imports
from remint.errors import RemintError
from remint.files import read_json, write_json
from remint.locks import locked
from remint.provenance import file_digests
from remint.stages.allowed import STATE, Allowed
from remint.stages.declared import declared
from remint.stages.guard import guarded
from remint.stages.native import announce_native_opens

STAGES = ("ingest", "validate", "preprocess", "baseline", "train", "evaluate")


def run_stage(stage: str, name: str) -> None:
    """Run a stage for a dataset or an experiment; wait first where another process runs the same.

    Raises ConfigError for a wrong name or declaration; RemintError when the stage opens a file of the project that is
    not declared, or uses the network outside ingest, and when an input changed meanwhile: what the stage wrote would
    then be recorded as made from something else.
    """
    address, module = f"{stage}@{name}", stage_module(stage)
    section = load_section(module.FILE, module.TOP, name, module.Section)
    data: tuple[Path, ...] = module.inputs(name, section)
    for path in data:
        if not path.exists():
            raise RemintError(f"{address}: {path} is missing; run `remint run` or `dvc repro {address}`")
    fetches = stage == "ingest"
    allowed = Allowed(declared(stage, name), also=(*data, *STATE) if fetches else ())
    with locked(paths.STATE / "locks" / f"{address}.lock", f"another process that runs {address}"):
        before = {**_CODE, **_digests(data)}
        with guarded(address, allowed, network=fetches):
            module.run(name, section)
        _refuse_changes(address, before, {**_digests((_package(),)), **_digests(data)})
        write_json(_notes(address), before)


def stage_module(stage: str) -> Any:
    """Find a stage's module. Raises RemintError for a name that is none."""
    if stage not in STAGES:
        raise RemintError(f'there is no stage "{stage}"; allowed: {", ".join(STAGES)}{nearest(stage, STAGES)}')
    announce_native_opens()
    with quick_imports():
        return importlib.import_module(f"remint.stages.{stage}")


def noted_inputs(address: str) -> dict[str, str]:
    """Give path to sha256 of the files that a stage saw when it last ran here; empty where it never did."""
    file = _notes(address)
    return dict(read_json(file)) if file.exists() else {}


def _refuse_changes(address: str, before: dict[str, str], after: dict[str, str]) -> None:
    changed = sorted(file for file in {*before, *after} if before.get(file) != after.get(file))
    if changed:
        raise RemintError(f"{address}: changed while the stage ran: {', '.join(changed)}; run it again")


def _notes(address: str) -> Path:
    return paths.STATE / "inputs" / f"{address}.json"


def _digests(folders: tuple[Path, ...]) -> dict[str, str]:
    return {file: digest for folder in folders for file, digest in file_digests(folder).items()}


def _package() -> Path:
    """Give the folder of the package's code, relative to the working directory."""
    return Path(os.path.relpath(Path(remint.__path__[0]).resolve()))


_CODE = _digests((_package(),))
"The package's code as it was when this process began."
