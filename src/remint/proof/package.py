"""What a version is served by, held against what MLflow wrote when it was registered."""

from collections.abc import Iterator
from pathlib import Path

from remint.errors import RemintError
from remint.files import read_json
from remint.proof.inputs import Difference, code_diff
from remint.proof.outputs import Registered
from remint.registry.origin import file_sha256
from remint.tracking.packaging import FILES, FILES_SEAL, package_digests

_ALTERED = "the version's own copy is not what was registered"


def altered_package(registered: Registered, root: Path) -> Iterator[Difference]:
    """Give each file of a version's code, its `MLmodel` among them, that was changed, added or removed since.

    Code has a diff where the scratch project in `root` has it as it was. Nothing of a version that an earlier remint
    registered: it has no list of them. Raises RemintError where the list itself was altered.
    """
    if registered.seal is None:
        return
    listed = registered.folder / FILES
    found = file_sha256(listed)
    if found != registered.seal:
        raise RemintError(f"{listed} was altered: its sha256 is {found}, the tag {FILES_SEAL} has {registered.seal}")
    told, now = read_json(listed), package_digests(registered.folder)
    for file in sorted(told.keys() | now.keys()):
        if told.get(file) != now.get(file):
            detail = f"{_ALTERED}\n{_diff(file, told.get(file), registered, root)}"
            yield Difference("code", file, now.get(file), told.get(file), detail)


def _diff(file: str, digest: str | None, registered: Registered, root: Path) -> str:
    """Give what turns the altered text into the registered one; the empty text where either is not at hand."""
    kept, source = registered.folder / file, root / "src" / file.removeprefix("code/")
    if digest is None or file_sha256(source) != digest or not kept.is_file():
        return ""
    return code_diff(file, kept.read_bytes(), source.read_bytes())
