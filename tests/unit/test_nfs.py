"""A file system that does not lock what is open for reading, as NFS."""

import errno
import fcntl
import os
import subprocess
import sys
from pathlib import Path

import pytest

from remint import paths
from remint.files import write_text, writing_folder
from remint.leftovers import mend_below
from remint.signs import Sign

pytestmark = pytest.mark.usefixtures("workdir")


@pytest.fixture
def nfs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lock as NFS does (flock(2)): only what is open for writing."""
    flock = fcntl.flock

    def strict(descriptor: int, operation: int) -> None:
        if fcntl.fcntl(descriptor, fcntl.F_GETFL) & os.O_ACCMODE == os.O_RDONLY:
            raise OSError(errno.EBADF, os.strerror(errno.EBADF))
        flock(descriptor, operation)

    monkeypatch.setattr(fcntl, "flock", strict)


@pytest.mark.usefixtures("nfs")
def test_on_nfs_files_and_folders_are_written() -> None:
    for text in ("old", "new"):
        write_text(Path("data/file"), text)
        with writing_folder(Path("data/folder")) as out:
            (out / "x").write_text(text)
    assert (Path("data/file").read_text(), Path("data/folder/x").read_text()) == ("new", "new")
    assert sorted(path.name for path in Path("data").iterdir()) == ["file", "folder"]


@pytest.mark.usefixtures("nfs")
def test_on_nfs_a_folder_that_may_be_written_is_left_alone() -> None:
    left = Path("data") / f".out.{'0' * 32}.tmp"
    left.mkdir(parents=True)
    own = Sign(paths.ALIVE)
    other = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "from remint import paths, signs; s = signs.Sign(paths.ALIVE); print(flush=True); input()",
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert other.stdout is not None
    other.stdout.readline()
    assert mend_below([Path("data")]) == ()
    other.kill()
    other.wait()
    assert mend_below([Path("data")]) == (left,)
    own.remove()
