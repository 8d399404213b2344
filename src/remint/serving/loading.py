"""A registered version as a predictor: found by its name, every file of it checked."""

from pathlib import Path
from typing import TYPE_CHECKING

from remint.errors import DataError
from remint.registry.checksums import verify
from remint.tracking.models import Version, local_folder

if TYPE_CHECKING:
    from remint.registry.predictor import Predictor

FILES = Path("data", "files")
"Where the files of the predictor lie in a version's folder."
CHECKSUMS_TAG = "remint.checksums"


def check_version(version: Version) -> Path:
    """Give the folder of a version's predictor once every file in it is found to be the one that was registered.

    Raises DataError for one that was changed.
    """
    folder = local_folder(version) / FILES
    if CHECKSUMS_TAG not in version.tags:
        raise DataError(
            f"{version.name}/{version.number} has no checksum in the registry: an earlier remint registered it; train "
            "and register it again"
        )
    verify(folder, version.tags[CHECKSUMS_TAG])
    return folder


def load_version(version: Version) -> "Predictor":
    """Load a version's predictor. Raises DataError for a file that was changed."""
    from remint.registry.predictor import load_predictor

    return load_predictor(check_version(version), version.tags[CHECKSUMS_TAG])
