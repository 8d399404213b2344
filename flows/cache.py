"""Outputs of stages by their digests, out of DVC's cache or its remotes."""

import json
import re
import shutil
from collections.abc import Iterable, Mapping
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import Any

from flows.plan import open_repo
from remint.errors import RemintError


class DvcStore:
    """What this project's DVC cache holds, and what its default remote does; nothing of it is changed but the cache."""

    def place(self, output: Mapping[str, Any], target: Path) -> None:
        """Put an output, as `dvc.lock` tells of it, to a path that does not exist.

        What is damaged in the cache is put there as it is. Raises RemintError where neither has the whole of it.
        """
        digest = str(output["md5"])
        if not digest.endswith(".dir"):
            _copy(self._object(digest), target)
            return
        files = self._listed(digest)
        self._fetch(files.values())
        for name, own in files.items():
            _copy(self._object(own), target / name)

    @cached_property
    def _repo(self) -> Any:
        return open_repo()

    def _listed(self, digest: str) -> dict[str, str]:
        """Give the files of a folder, by their paths in it, with their digests."""
        try:
            return dict(_entry(**entry) for entry in json.loads(self._object(digest).read_bytes()))
        except (ValueError, TypeError):
            raise RemintError("the listing of its files is damaged in DVC's cache") from None

    def _object(self, digest: str) -> Path:
        """Give an object's file in the cache, fetched from the remote where it is not there."""
        file = Path(self._repo.cache.local.oid_to_path(digest))
        if not file.is_file():
            self._fetch([digest])
        if not file.is_file():
            raise RemintError(f"DVC's cache does not have {digest}, nor does a remote")
        return file

    def _fetch(self, digests: Iterable[str]) -> None:
        """Get objects from the remote that the cache does not have."""
        from dvc.exceptions import DvcException
        from dvc_data.hashfile.hash_info import HashInfo

        local = self._repo.cache.local
        missing = [digest for digest in digests if not Path(local.oid_to_path(digest)).is_file()]
        if not missing:
            return
        try:
            with self._repo.lock:  # others remove the temporary files of a DVC that holds no lock
                self._repo.cloud.pull([HashInfo("md5", digest) for digest in missing])
        except DvcException as error:
            raise RemintError(f"DVC's cache does not have {missing[0]}, and {_reason(error)}") from None
        except OSError as error:
            raise RemintError(f"DVC's remote does not answer: {error}") from None


def _entry(md5: str, relpath: str) -> tuple[str, str]:
    """Give the path and the digest of an entry of a listing. Raises ValueError, as it does for keys TypeError."""
    name = PurePosixPath(relpath)
    if not re.fullmatch("[0-9a-f]{32}", md5) or not name.parts or name.is_absolute() or ".." in name.parts:
        raise ValueError(f"{relpath}: {md5}")
    return relpath, md5


def _reason(error: Exception) -> str:
    return "no remote is declared" if type(error).__name__ == "NoRemoteError" else f"its remote failed: {error}"


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)
