"""What a commit holds of a project: read from git's objects, nothing is checked out."""

import configparser
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from io import StringIO
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from remint import paths
from remint.errors import RemintError
from remint.git import ask_git
from remint.registry.locked_stages import LockedStage, lock_entries

CODE, CONSTRAINTS = "src/remint", "constraints.txt"
_LOCKED_CODE = re.compile(rf"^    - path: ({CODE}/\S+)$", re.MULTILINE)
"In `dvc.lock`, of which parsing the whole takes seconds."
_READ = (CODE, CONSTRAINTS, *(str(file) for file in (paths.PARAMS_FILE, paths.DATASETS_FILE, paths.LOCK_FILE)))


def find_commit(text: str) -> str | None:
    """Give the id of the commit that git understands by a text, None where it understands none."""
    if text.startswith("-"):
        return None
    found = ask_git("rev-parse", "--verify", "--quiet", "--end-of-options", f"{text}^{{commit}}")
    return None if found is None else found.decode().strip()


def file_at(commit: str, file: str) -> bytes | None:
    """Give a file of a commit, None where it has none; `file` is relative to the working directory."""
    return ask_git("cat-file", "blob", f"{commit}:./{file}")


@dataclass(frozen=True)
class Tree:
    """The files of a commit that decide trainings, by their path below the project's root."""

    commit: str
    files: Mapping[str, bytes]

    @property
    def code(self) -> dict[str, str]:
        """Digest (sha256) by path of the package's files."""
        of_package = (path for path in self.files if path.startswith(f"{CODE}/") and path.endswith(".py"))
        return {path: sha256(self.files[path]).hexdigest() for path in of_package}

    @property
    def constraints(self) -> dict[str, str]:
        """Version by name of each package that is pinned."""
        lines = self.files.get(CONSTRAINTS, b"").decode(errors="replace").splitlines()
        pins = (line.partition("#")[0].partition(";")[0].partition("==") for line in lines)
        return {name.strip().lower().replace("_", "-"): pin.strip() for name, equals, pin in pins if equals}

    @cached_property
    def experiments(self) -> Mapping[str, Any]:
        """Sections of `params.yaml` by name."""
        return self._sections(str(paths.PARAMS_FILE), "experiments")

    @cached_property
    def datasets(self) -> Mapping[str, Any]:
        """Sections of `datasets.yaml` by name."""
        return self._sections(str(paths.DATASETS_FILE), "datasets")

    def locked(self, address: str) -> LockedStage | None:
        """Give a stage's entry of `dvc.lock`, None where it has none. Raises RemintError for an unreadable one."""
        stage = self._locked.get(address)
        try:
            if stage is not None and not isinstance(stage.entry.get("outs"), list):
                raise TypeError("it names no outs")
        except (YAMLError, TypeError, AttributeError) as error:
            raise RemintError(f"dvc.lock of commit {self.commit[:12]}: {address} cannot be read: {error}") from None
        return stage

    @cached_property
    def _locked(self) -> Mapping[str, LockedStage]:
        return lock_entries(self.text(str(paths.LOCK_FILE)) or "")

    @property
    def declared_code(self) -> tuple[str, ...]:
        """Files and folders of code that the stages of `dvc.lock` depend on."""
        return tuple(sorted(set(_LOCKED_CODE.findall(self.text(str(paths.LOCK_FILE)) or ""))))

    def code_of(self, experiment: str) -> tuple[str, ...]:
        """Files and folders of code that an experiment's stages depend on; of all stages where one of its never ran."""
        dataset = self.experiments.get(experiment, {}).get("dataset")
        shared = (f"{kind}@{dataset}" for kind in ("ingest", "validate", "preprocess"))
        entries = [self._locked.get(each) for each in (*shared, f"train@{experiment}", f"evaluate@{experiment}")]
        if None in entries:
            return self.declared_code
        return tuple(sorted({place for entry in entries if entry for place in _LOCKED_CODE.findall(entry.text)}))

    def text(self, file: str) -> str | None:
        """Give a file as text."""
        return self.files[file].decode(errors="replace") if file in self.files else None

    def _sections(self, file: str, top: str) -> Mapping[str, Any]:
        text = self.text(file)
        try:
            content = None if text is None else YAML(typ="safe", pure=True).load(StringIO(text))
        except YAMLError as error:
            raise RemintError(f"{file} of commit {self.commit[:12]} does not parse: {error}") from None
        found = content.get(top) if isinstance(content, dict) else None
        return {k: v for k, v in found.items() if isinstance(v, dict)} if isinstance(found, dict) else {}


def read_tree(commit: str) -> Tree:
    """Read a commit. Raises RemintError where it has no `params.yaml` here, and so no project."""
    listed = (ask_git("ls-tree", "-r", "-z", commit, "--", *_READ) or b"").split(b"\0")
    entries = [entry.partition(b"\t") for entry in listed if entry]
    blobs = {path.decode(errors="surrogateescape"): about.split()[2] for about, _, path in entries}
    if str(paths.PARAMS_FILE) not in blobs:
        raise RemintError(f"commit {commit[:12]} has no {paths.PARAMS_FILE} here: it holds no project")
    return Tree(commit, dict(zip(blobs, _contents(list(blobs.values())), strict=True)))


def cached_object(md5: str) -> bytes | None:
    """Give an object of DVC's cache, which lies where `.dvc/config` says; None where the cache lacks it."""
    file = _cache() / "files" / "md5" / md5[:2] / md5[2:]
    return file.read_bytes() if file.is_file() else None


def _cache() -> Path:
    read = configparser.ConfigParser(interpolation=None, strict=False, allow_no_value=True)
    with suppress(configparser.Error):  # DVC itself tells of a file that does not parse
        read.read([Path(".dvc", "config"), Path(".dvc", "config.local")], encoding="utf-8")
    return Path(
        ".dvc", Path(read.get("cache", "dir", fallback="cache")).expanduser()
    )  # relative to the file, as in DVC


def _contents(objects: list[bytes]) -> list[bytes]:
    """Give the content of blobs, by one call of git."""
    out = ask_git("cat-file", "--batch", told=b"".join(name + b"\n" for name in objects)) or b""
    found, at = [], 0
    for _ in objects:
        end = out.index(b"\n", at)
        size = int(out[at:end].split()[2])
        found.append(out[end + 1 : end + 1 + size])
        at = end + size + 2
    return found
