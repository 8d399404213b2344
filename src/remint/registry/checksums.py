"""The sha256 of every file of a model: a file that was changed is not loaded."""

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from remint.errors import DataError
from remint.files import json_text, read_json

CHECKSUMS = "checksums.json"
WEIGHTS, DESCRIPTION, PREPROCESSOR, SCHEMA = "weights.safetensors", "model.json", "preprocessor.json", "schema.json"
FILES = (WEIGHTS, DESCRIPTION, PREPROCESSOR, SCHEMA)
"What a predictor is loaded from."


def checksums_text(files: Mapping[str, bytes | Path]) -> str:
    """Give the content of `checksums.json`; `files` maps a name to its content or to where it lies."""
    digests = {n: digest(c.read_bytes() if isinstance(c, Path) else c) for n, c in files.items()}
    return json_text(digests)


def digest(content: bytes) -> str:
    """Give the sha256 in hexadecimal."""
    return hashlib.sha256(content).hexdigest()


def verify(folder: Path, expected: str | None = None) -> None:
    """Raise DataError naming the file that is missing or was changed since it was registered.

    `expected` is the sha256 of `checksums.json` itself, as the version's tag `remint.checksums` tells it.
    """
    file = folder / CHECKSUMS
    if not file.is_file():
        raise DataError(
            f"{folder} lacks {CHECKSUMS}: an earlier remint registered this version; train and register it again"
        )
    content = file.read_bytes()
    if expected is not None and digest(content) != expected:
        raise DataError(f"{file} was changed: its sha256 is {digest(content)}; registered: {expected}")
    told = _read(file)
    for name in FILES:
        if name not in told:
            raise DataError(f"{file} does not name {name}; allowed: a sha256 for each of {', '.join(FILES)}")
        if not (folder / name).is_file():
            raise DataError(f"{folder / name} is missing; the model must be registered again")
        found = digest((folder / name).read_bytes())
        if found != told[name]:
            raise DataError(f"{folder / name} was changed: its sha256 is {found}; registered: {told[name]}")


def _read(file: Path) -> dict[str, Any]:
    try:
        told = read_json(file)
    except ValueError as error:
        raise DataError(f"{file} is no JSON: {error}") from None
    if not isinstance(told, dict):
        raise DataError(f"{file} holds no object; allowed: file name to sha256")
    return told
