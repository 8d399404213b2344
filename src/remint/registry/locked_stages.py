"""What `dvc.lock` tells of the stages that lead to an experiment's evaluation."""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from io import StringIO
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from remint import paths
from remint.config.load import read_yaml

_ENTRY = re.compile(r"^  (\S.*):\n((?:   .*\n)*)", re.MULTILINE)
"A stage's entry: its address at two blanks, and all that is indented further."


@dataclass(frozen=True)
class LockedStage:
    """An entry of `dvc.lock`."""

    address: str
    text: str
    "As the file has it."

    @cached_property
    def entry(self) -> dict[str, Any]:
        """Its content."""
        content = YAML(typ="safe", pure=True).load(StringIO(self.text))
        return dict(content[self.address])

    @property
    def parameters(self) -> Mapping[str, Mapping[str, Any]]:
        """File to dotted key to value."""
        return dict(self.entry.get("params", {}))

    @property
    def code(self) -> tuple[str, ...]:
        """Dependencies that are no data."""
        return tuple(dep["path"] for dep in self.entry["deps"] if not _is_data(dep["path"]))

    @property
    def data(self) -> tuple[str, ...]:
        """Dependencies that other stages wrote."""
        return tuple(dep["path"] for dep in self.entry["deps"] if _is_data(dep["path"]))

    @property
    def outputs(self) -> tuple[str, ...]:
        """Files and folders that it wrote."""
        return tuple(out["path"] for out in self.entry["outs"])

    @property
    def source_digests(self) -> dict[str, str]:
        """Of `ingest` the sha256 of each file that it fetches, by its name; of other stages nothing."""
        found = {}
        for values in self.parameters.values():
            for key, value in values.items():
                if key.endswith(".source"):
                    for part in ("files", "pretrained"):
                        found.update({name: file["sha256"] for name, file in value.get(part, {}).items()})
        return found


def locked_stages(experiment: str, dataset: str) -> tuple[LockedStage, ...] | None:
    """Give the stages that lead to an experiment's evaluation, in their order; None where one is not in `dvc.lock`.

    Only their own entries are parsed: the whole file takes seconds.
    """
    if not paths.LOCK_FILE.is_file():
        return None
    entries = lock_entries(paths.LOCK_FILE.read_text(encoding="utf-8"))
    kinds = {"ingest": dataset, "validate": dataset, "preprocess": dataset, "train": experiment, "evaluate": experiment}
    addresses = [f"{kind}@{name}" for kind, name in kinds.items()]
    if any(address not in entries for address in addresses):
        return None
    return tuple(entries[address] for address in addresses)


def lock_entries(text: str) -> dict[str, LockedStage]:
    """Give the entries of a `dvc.lock` by address."""
    return {found[1]: LockedStage(found[1], found[0]) for found in _ENTRY.finditer(text)}


def value_at(content: Any, key: str) -> Any:
    """Give what a YAML file has at a dotted key; None where it has nothing."""
    for part in key.split("."):
        if not isinstance(content, dict) or part not in content:
            return None
        content = content[part]
    return content


def stale_part(stage: LockedStage) -> str:
    """Name the first piece of code or parameter that is another now than when a stage ran; the empty text for none."""
    for file, values in stage.parameters.items():
        content = read_yaml(Path(file))
        for key, value in values.items():
            if value_at(content, key) != value:
                return f"{file}: {key}"
    for dep in stage.entry["deps"]:
        if not _is_data(dep["path"]) and _md5(Path(dep["path"])) != dep["md5"]:
            return str(dep["path"])
    return ""


def _is_data(path: str) -> bool:
    return Path(path).is_relative_to(paths.DATA)


def _md5(path: Path) -> str:
    """Give the digest by which DVC knows a file or a folder."""
    if not path.is_dir():
        return _file_md5(path) if path.is_file() else "gone"
    files = sorted(file for file in path.rglob("*") if file.is_file() and "__pycache__" not in file.parts)
    listed = [{"md5": _file_md5(file), "relpath": file.relative_to(path).as_posix()} for file in files]
    listed.sort(key=lambda entry: entry["relpath"])
    return hashlib.md5(json.dumps(listed, sort_keys=True).encode(), usedforsecurity=False).hexdigest() + ".dir"


def _file_md5(file: Path) -> str:
    with file.open("rb") as handle:
        return hashlib.file_digest(handle, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()
