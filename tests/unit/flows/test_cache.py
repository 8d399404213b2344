"""Outputs out of a real DVC cache and a real remote, by their digests."""

import shutil
import subprocess
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from flows.cache import DvcStore
from remint.errors import RemintError


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A DVC repository with a folder and a file, both pushed to a remote."""
    root = tmp_path_factory.mktemp("kept") / "project"
    (root / "data/inner").mkdir(parents=True)
    (root / "data/a.txt").write_text("a")
    (root / "data/inner/b.txt").write_text("b")
    (root / "one.txt").write_text("one")
    for command in (
        "git init -q",
        "dvc init -q",
        "dvc remote add -d far ../far",
        "dvc add -q data one.txt",
        "dvc push -q",
    ):
        subprocess.run(command.split(), cwd=root, check=True, capture_output=True)
    return root


@pytest.fixture
def project(kept: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    shutil.copytree(kept.parent, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path / "project")
    return tmp_path


def output(name: str) -> dict:
    return YAML(typ="safe").load(Path(f"{name}.dvc").read_text())["outs"][0]


def place_all(target: Path) -> list[str]:
    store = DvcStore()
    store.place(output("data"), target / "data")
    store.place(output("one.txt"), target / "one.txt")
    return [(target / name).read_text() for name in ("data/a.txt", "data/inner/b.txt", "one.txt")]


def test_the_cache_gives_files_and_folders(project: Path) -> None:
    shutil.rmtree(project / "far")
    assert place_all(project / "scratch") == ["a", "b", "one"]


def test_the_remote_gives_what_the_cache_does_not_have(project: Path) -> None:
    shutil.rmtree(project / "project/.dvc/cache")
    assert place_all(project / "scratch") == ["a", "b", "one"]


def test_what_neither_has_cannot_be_had(project: Path) -> None:
    shutil.rmtree(project / "project/.dvc/cache")
    shutil.rmtree(project / "far")
    with pytest.raises(RemintError, match="DVC's cache does not have"):
        place_all(project / "scratch")
    (project / "project/.dvc/config").write_text("")
    with pytest.raises(RemintError, match="no remote is declared"):
        place_all(project / "scratch")


def test_a_damaged_object_is_given_as_it_is(project: Path) -> None:
    digest = output("one.txt")["md5"]
    file = project / "project/.dvc/cache/files/md5" / digest[:2] / digest[2:]
    file.chmod(0o644)
    file.write_text("two")
    assert place_all(project / "scratch")[2] == "two"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'"md5"', b'"md5'),
        (b"relpath", b"relpati"),
        (b'"a.txt"', b"1"),
        (b'"a.txt"', b'"/dev/null/a.txt"'),
        (b'"a.txt"', b'"../a.txt"'),
        (b'"md5": "0', b'"md5": "O'),
        (b"a", b"\xe1"),
    ],
)
def test_a_damaged_listing_of_a_folder_is_told(project: Path, old: bytes, new: bytes) -> None:
    digest = output("data")["md5"]
    file = project / "project/.dvc/cache/files/md5" / digest[:2] / digest[2:]
    before = file.read_bytes()
    assert old in before
    file.chmod(0o644)
    file.write_bytes(before.replace(old, new))
    with pytest.raises(RemintError, match="the listing of its files is damaged"):
        place_all(project / "scratch")
