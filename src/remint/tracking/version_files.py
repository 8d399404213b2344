"""The files of a version: where they lie, and how some of them are renewed."""

import shutil
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from urllib.request import url2pathname

from remint import paths
from remint.errors import RemintError
from remint.files import scratch_folder, writing_folder
from remint.leftovers import finish_swap
from remint.tracking.failures import store_errors
from remint.tracking.settings import own_uri
from remint.tracking.store import client

if TYPE_CHECKING:
    from mlflow.entities.model_registry import ModelVersion

    from remint.tracking.models import Version

MODEL_DATA = Path("data", "files")
"Where a version's folder holds what its predictor is loaded from: MLflow keeps the name of the folder it was given."
_RENEWED_BY = ("remint.evaluation", "remint.decided", "remint.verified")
"Tags that change whenever files of a version do."


def local_folder(version: "Version") -> Path:
    """Give the folder with a version's files: in the store itself, or a copy of it where the store is remote.

    Raises RemintError where they are gone.
    """
    folder = stored_folder(version.model_id) or _fetched(version)
    if not (folder / "MLmodel").is_file():
        raise RemintError(f"the files of {version} are gone: {folder} is no model; `remint run {version.name} --force`")
    return folder


def replace_files(version: "Version", place: str, folder: Path) -> None:
    """Put a folder in the place of what a version's folder has under that name; whole or not at all, if it is local."""
    target = stored_folder(version.model_id)
    if target is not None:
        with writing_folder(target / place) as temporary:
            shutil.copytree(folder, temporary, dirs_exist_ok=True)
        return
    with scratch_folder(paths.TEMPORARY) as temporary, store_errors():
        shutil.copytree(folder, temporary / place)
        client().log_model_artifacts(version.model_id, str(temporary))


def has_files(version: "Version") -> bool:
    """Tell whether a version's files are there; of a store that keeps them elsewhere that is taken for granted."""
    folder = stored_folder(version.model_id)
    return folder is None or (folder / "MLmodel").is_file()


def mend_files(version: "Version", place: str) -> bool:
    """Finish what a process left that was killed in `replace_files`; tell whether there was anything to do."""
    target = stored_folder(version.model_id)
    return target is not None and finish_swap(target / place)


def stored_folder(model_id: str) -> Path | None:
    """Give the folder of a logged model, None where the store keeps it elsewhere than on this machine."""
    with store_errors():
        location = urlsplit(client().get_logged_model(model_id).artifact_location)
    return Path(url2pathname(location.path)) if location.scheme in ("", "file") else None


def model_id_of(entry: "ModelVersion") -> str:
    """Give the id of the logged model that a version was made from."""
    return entry.model_id or str(entry.source).removeprefix("models:/")


def _fetched(version: "Version") -> Path:
    """Download a version's files, unless they are here as they are now."""
    from mlflow.artifacts import download_artifacts

    state = sha256("\n".join(version.tags.get(tag, "") for tag in _RENEWED_BY).encode()).hexdigest()[:12]
    folder = paths.STATE / "models" / f"{version.model_id}-{state}"
    if not folder.is_dir():
        with writing_folder(folder) as temporary, store_errors(), own_uri():
            download_artifacts(artifact_uri=f"models:/{version.model_id}", dst_path=str(temporary))
    return folder
