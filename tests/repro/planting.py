"""Planting one difference in a finished project, where real life would put it, and taking it out again."""

import hashlib
import json
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from flows.cache import DvcStore
from remint.proof.certificate import Certificate
from remint.proof.verify import verify
from remint.registry.locked_stages import lock_entries
from remint.registry.reference import parse_reference, resolve
from remint.tracking.models import Version, local_folder
from tests.conftest import Project

Change = Callable[[bytes], bytes]


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def flip(place: int) -> Change:
    """Give a change of one byte, counted from the end where `place` is negative."""

    def change(content: bytes) -> bytes:
        altered = bytearray(content)
        altered[place] ^= 1
        return bytes(altered)

    return change


def flip_row(row: int) -> Change:
    """Give a change of one byte of an array of safetensors, in its first array with a value a row."""

    def change(content: bytes) -> bytes:
        size = int.from_bytes(content[:8], "little")
        arrays = {name: e for name, e in json.loads(content[8 : 8 + size]).items() if name != "__metadata__"}
        entry = max(arrays.values(), key=lambda e: len(e["shape"]))
        begin, end = entry["data_offsets"]
        return flip(8 + size + begin + (end - begin) // entry["shape"][0] * row)(content)

    return change


@dataclass
class Case:
    """A finished project, in which its process stands; what is planted is taken out when the test is over."""

    project: Project
    monkeypatch: pytest.MonkeyPatch
    undo: list[Callable[[], Any]] = field(default_factory=list)

    def alter(self, file: Path, change: Change) -> tuple[bytes, bytes]:
        """Change a file's content; give it as it was and as it is."""
        before, kind = file.read_bytes(), file.stat().st_mode
        file.chmod(0o644)
        file.write_bytes(change(before))
        self.undo += [lambda: file.chmod(kind), lambda: file.write_bytes(before)]
        return before, file.read_bytes()

    def make(self, file: Path, content: str) -> None:
        """Make a file that is not there."""
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content)
        self.undo.append(file.unlink)

    def remove(self, file: Path) -> None:
        """Take a file away."""
        before = file.read_bytes()
        file.unlink()
        self.undo.append(lambda: file.write_bytes(before))

    def commit_instead(self, edit: Callable[[], Any]) -> None:
        """Edit the tree, and let git give what was edited wherever the registered commit is asked for."""
        registered = self.git("rev-parse", "HEAD")
        edit()
        self.git("-c", "user.name=t", "-c", "user.email=t@t", "commit", "-q", "-a", "--amend", "-m", "planted")
        self.git("replace", registered, "HEAD")
        self.undo += [
            lambda: self.git("reset", "-q", "--hard", registered),
            lambda: self.git("replace", "-d", registered),
        ]

    def code(self, file: str, change: Change) -> tuple[bytes, bytes]:
        """Change a file of the code in the registered commit's place; give it as it was and as it is."""
        place = self.project.root / file
        before = place.read_bytes()
        self.commit_instead(lambda: place.write_bytes(change(before)))
        return before, place.read_bytes()

    def cached(self, output: str, file: str) -> Path:
        """Give the object of DVC's cache that holds a file of an output folder."""
        objects = self.project.root / ".dvc/cache/files/md5"
        entries = lock_entries(self.project.lock()).values()
        outs = {out["path"]: out["md5"] for entry in entries for out in entry.entry["outs"]}
        listed = json.loads((objects / outs[output][:2] / outs[output][2:]).read_text())
        digest = next(entry["md5"] for entry in listed if entry["relpath"] == file)
        return objects / digest[:2] / digest[2:]

    def version(self, name: str) -> Version:
        return resolve(parse_reference(name))

    def of_version(self, name: str, file: str) -> Path:
        """Give a file of the registered version itself."""
        return local_folder(self.version(name)) / file

    def python_path(self, folder: Path) -> None:
        """Let this process and those that it starts find modules and packages in a folder first."""
        self.monkeypatch.syspath_prepend(str(folder))
        given = [place for place in [os.environ.get("PYTHONPATH")] if place]
        self.monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(folder), *given]))

    def package(self, folder: Path, name: str, version: str) -> None:
        """Let a package's metadata tell another version."""
        place = folder / f"{name.replace('-', '_')}-{version}.dist-info"
        place.mkdir(parents=True)
        (place / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
        self.python_path(folder)

    def verify(self, name: str, start: str | None = None) -> Certificate:
        """Mint a version again, in this process but for the stages."""
        return verify(self.version(name), start, False, DvcStore(), lambda _line: None)

    def git(self, *arguments: str) -> str:
        return self.project.call("git", *arguments).stdout.strip()

    def clear(self) -> None:
        """Take out what was planted."""
        for step in reversed(self.undo):
            step()


def cell(column: str, row: int) -> Change:
    """Give a change of one number of a Parquet table."""

    def change(content: bytes) -> bytes:
        import io

        table = pd.read_parquet(io.BytesIO(content))
        table.loc[row, column] += 1
        out = io.BytesIO()
        table.to_parquet(out, index=False)
        return out.getvalue()

    return change
