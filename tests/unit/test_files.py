import errno
import os
import shutil
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from remint.errors import DataError, RemintError
from remint.files import write_text, writing, writing_folder

pytestmark = pytest.mark.usefixtures("workdir")
TARGET = Path("data/out")


def write_half(error: Exception) -> None:
    with writing(TARGET) as temporary:
        temporary.write_text("half")
        raise error


def test_a_failure_inside_leaves_the_old_content_and_nothing_else() -> None:
    write_text(TARGET, "old")
    with pytest.raises(DataError, match="broken"):
        write_half(DataError("broken"))
    assert TARGET.read_text() == "old"
    assert list(TARGET.parent.iterdir()) == [TARGET]


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT, errno.EROFS])
def test_a_disk_that_takes_no_more_is_told_and_leaves_the_old_content(code: int) -> None:
    write_text(TARGET, "old")
    with pytest.raises(RemintError) as error:
        write_half(OSError(code, os.strerror(code)))
    assert str(error.value) == f"data/out cannot be written: {os.strerror(code)}"
    assert TARGET.read_text() == "old"
    assert list(TARGET.parent.iterdir()) == [TARGET]


def test_a_copy_that_the_disk_does_not_take_is_told(tmp_path: Path) -> None:
    def copy(_source: str, target: str) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), target)

    (tmp_path / "from").mkdir()
    (tmp_path / "from" / "x").touch()
    with pytest.raises(RemintError, match=r"^data/out cannot be written: No space"), writing_folder(TARGET) as out:
        shutil.copytree(tmp_path / "from", out / "inner", copy_function=copy)
    assert not TARGET.exists()


def test_another_error_inside_stays_what_it_is() -> None:
    with pytest.raises(FileNotFoundError), writing(TARGET):
        Path("absent").read_text()
    Path("file").write_text("")
    with pytest.raises(NotADirectoryError), writing(TARGET):
        Path("file/absent").read_text()


def test_a_place_that_is_no_folder_is_told() -> None:
    Path("data").write_text("a file where a folder is wanted")
    with pytest.raises(RemintError, match=r"^data/out cannot be written: "):
        write_text(TARGET, "new")


LIMITED = """
import resource, sys
from pathlib import Path
import numpy as np, pandas as pd
from safetensors.numpy import save_file
from remint.errors import RemintError
from remint.files import writing_folder
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
try:
    with writing_folder(Path("data/out")) as out:
        if sys.argv[1] == "safetensors":
            save_file({"x": np.zeros(1_000_000)}, out / "x")
        else:
            pd.DataFrame({"x": np.random.default_rng(0).random(1_000_000)}).to_parquet(out / "x")
except RemintError as error:
    sys.exit(f"told: {error}")
"""


@pytest.mark.parametrize("library", ["safetensors", "parquet"])
def test_what_a_library_cannot_write_is_told_as_well(library: str) -> None:
    with writing_folder(TARGET) as out:
        (out / "x").write_text("old")
    environment = os.environ | {"PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run([sys.executable, "-c", LIMITED, library], capture_output=True, text=True, env=environment)
    assert done.stderr.strip() == "told: data/out cannot be written: File too large"
    assert (TARGET / "x").read_text() == "old"
    assert list(TARGET.parent.iterdir()) == [TARGET]


@pytest.mark.parametrize("number", [1, 2])
@pytest.mark.parametrize("done", [False, True])
def test_a_swap_that_fails_leaves_a_whole_folder(monkeypatch: pytest.MonkeyPatch, number: int, done: bool) -> None:
    """`done`: Ctrl-C comes when the rename has happened."""
    rename, calls = Path.rename, []

    def interrupted(path: Path, target: Path) -> None:
        calls.append(path)
        if len(calls) != number or done:
            rename(path, target)
        if len(calls) == number:
            raise KeyboardInterrupt

    for content in ("old", "new"):
        with monkeypatch.context() as patch, suppress(KeyboardInterrupt), writing_folder(TARGET) as out:
            (out / "x").write_text(content)
            if content == "new":
                patch.setattr(Path, "rename", interrupted)
    assert (TARGET / "x").read_text() == ("new" if (number, done) == (2, True) else "old")
    assert list(TARGET.parent.iterdir()) == [TARGET]


def test_a_folder_is_not_replaced_by_a_file(tmp_path: Path) -> None:
    (tmp_path / "out" / "kept").mkdir(parents=True)
    with pytest.raises(RemintError, match=r"/out is a directory; a file is to be written"):
        write_text(tmp_path / "out", "page")
    assert (tmp_path / "out" / "kept").is_dir()
    assert [path.name for path in tmp_path.iterdir()] == ["out"]
