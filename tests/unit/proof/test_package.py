"""What a version is served by is held against the list of its registration."""

import hashlib
from pathlib import Path

import pytest

from remint.errors import RemintError
from remint.files import write_json
from remint.proof.inputs import Difference
from remint.proof.outputs import Registered
from remint.proof.package import altered_package
from remint.tracking.packaging import package_digests

SERVING = "remint/registry/predictor.py"
LISTED = ("MLmodel", "conda.yaml", "python_env.yaml", "requirements.txt", f"code/{SERVING}")


def write(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)


@pytest.fixture
def version(tmp_path: Path) -> Registered:
    """A version's folder beside a project with the same code."""
    folder = tmp_path / "version"
    write(tmp_path / "src" / SERVING, "VALUE = 1\n")
    for file in (*LISTED, "data/files/weights.safetensors", "remint/card.md"):
        write(folder / file, "VALUE = 1\n")
    write_json(folder / "files.json", package_digests(folder))
    return Registered(folder, hashlib.sha256((folder / "files.json").read_bytes()).hexdigest())


def found(version: Registered) -> list[Difference]:
    return list(altered_package(version, version.folder.parent))


@pytest.mark.parametrize("file", LISTED)
def test_a_file_that_was_changed_is_named(version: Registered, file: str) -> None:
    write(version.folder / file, "VALUE = 2\n")
    (difference,) = found(version)
    assert (difference.kind, difference.name) == ("code", file)
    assert difference.registered != difference.minted
    assert ("-VALUE = 2\n+VALUE = 1\n" in difference.detail) == file.endswith(".py")


def test_a_file_that_was_removed_or_added_is_named(version: Registered) -> None:
    (version.folder / "code" / SERVING).unlink()
    write(version.folder / "code/numpy.py", "")
    added, removed = found(version)
    assert (added.name, added.minted) == ("code/numpy.py", None)
    assert (removed.name, removed.registered) == (f"code/{SERVING}", None)


def test_what_is_renewed_compiled_or_checked_elsewhere_is_not_listed(version: Registered) -> None:
    for file in ("remint/card.md", "data/files/weights.safetensors", "code/remint/__pycache__/a.pyc"):
        write(version.folder / file, "VALUE = 2\n")
    assert found(version) == []


def test_a_list_that_was_altered_is_no_verdict(version: Registered) -> None:
    write(version.folder / "code" / SERVING, "VALUE = 2\n")
    write_json(version.folder / "files.json", package_digests(version.folder))
    with pytest.raises(RemintError, match=r"files.json was altered: its sha256 is .*, the tag remint.files has"):
        found(version)
    assert found(Registered(version.folder)) == []
