"""What killed processes leave beside their targets is removed, what living ones write is not."""

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from remint.files import scratch_folder, write_text, writing, writing_folder
from remint.leftovers import finish_swap, mend_below, mend_beside
from remint.signs import Sign, any_dead, dead_signs

pytestmark = pytest.mark.usefixtures("workdir")
MARK = "0" * 32
SIGNS = Path(".remint/alive")
KILLED = """
import os, shutil, signal, sys
from pathlib import Path
from remint import files
from remint.signs import Sign
def die(*_): os.kill(os.getpid(), signal.SIGKILL)
Sign(Path(".remint/alive"))
if sys.argv[1] == "file":
    with files.writing(Path("data/out")) as out: out.write_text("new"); die()
elif sys.argv[1] == "scratch":
    with files.scratch_folder(Path("data")) as out: (out / "x").write_text("new"); die()
else:
    target = Path("data/out")
    if sys.argv[1] == "between":
        rename = Path.rename
        Path.rename = lambda path, to: die() if path.name.endswith(".tmp") else rename(path, to)
    if sys.argv[1] == "after": shutil.rmtree = die
    with files.writing_folder(target) as out:
        (out / "x").write_text("new")
        if sys.argv[1] == "inside": die()
"""


def kill_while_writing(where: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", KILLED, where], env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    )
    assert done.returncode == -signal.SIGKILL


@pytest.mark.parametrize("where", ["inside", "between", "after"])
def test_a_folder_is_the_old_one_or_the_new_one_after_a_kill(where: str) -> None:
    with writing_folder(Path("data/out")) as out:
        (out / "x").write_text("old")
    kill_while_writing(where)
    assert len(list(Path("data").iterdir())) > 1 or where == "between"
    assert mend_below([Path("data")])
    assert Path("data/out/x").read_text() == ("new" if where == "after" else "old")
    assert [path.name for path in Path("data").iterdir()] == ["out"]
    assert mend_below([Path("data")]) == ()


@pytest.mark.parametrize("where", ["file", "scratch"])
def test_a_killed_process_leaves_nothing_that_stays(where: str) -> None:
    write_text(Path("data/out"), "old")
    kill_while_writing(where)
    assert len(mend_beside(Path("data"))) == 1
    assert [path.name for path in Path("data").iterdir()] == ["out"]
    assert Path("data/out").read_text() == "old"


def test_what_a_living_process_writes_is_left_alone() -> None:
    with writing(Path("data/file")) as file, writing_folder(Path("data/folder")) as folder:
        file.write_text("new")
        file.with_name(file.name + "-journal").write_text("SQLite's")
        (folder / "x").write_text("new")
        with scratch_folder(Path("data")):
            assert mend_below([Path("data")]) == ()
            assert not finish_swap(Path("data/folder"))
        file.with_name(file.name + "-journal").unlink()
    assert sorted(path.name for path in Path("data").iterdir()) == ["file", "folder"]


def test_only_names_that_are_ours_are_touched() -> None:
    names = [".other.old", ".out.1.tmp", f"out.{MARK}.tmp", f".out.{MARK}.tmp.txt"]
    for name in names:
        write_text(Path("data") / name, "a user's")
    Path(f"data/.db.{MARK}.tmp-journal").write_text("SQLite's, without its database")
    assert mend_below([Path("data")]) == (Path(f"data/.db.{MARK}.tmp-journal"),)
    assert sorted(path.name for path in Path("data").iterdir()) == sorted(names)


def test_one_target_is_mended_beside_others() -> None:
    for name in (f".out.{MARK}.old", f".out.{'1' * 32}.tmp", f".other.{MARK}.old"):
        write_text(Path("data") / name / "x", name)
    assert finish_swap(Path("data/out"))
    assert Path("data/out/x").read_text() == f".out.{MARK}.old"
    assert sorted(path.name for path in Path("data").iterdir()) == [f".other.{MARK}.old", "out"]


def test_a_sign_is_dead_when_its_process_is() -> None:
    living = Sign(SIGNS)
    assert not any_dead(SIGNS)
    kill_while_writing("file")
    assert any_dead(SIGNS)
    with pytest.raises(ZeroDivisionError):
        [1 / 0 for _ in dead_signs(SIGNS)]
    assert len(list(dead_signs(SIGNS))) == 1  # who fails to mend leaves it
    assert not any_dead(SIGNS)
    living.remove()
    assert list(SIGNS.iterdir()) == []


def test_a_forked_child_does_not_hold_its_parents_sign() -> None:
    sign = Sign(SIGNS)
    ours, childs = socket.socketpair()
    child = os.fork()
    if child == 0:
        ours.close()
        childs.send(b"started")
        childs.recv(1)
        os._exit(0)
    childs.close()
    ours.recv(7)
    sign.let_go()
    assert any_dead(SIGNS)
    ours.close()
    os.waitpid(child, 0)


def test_a_link_gives_way_and_what_it_leads_to_stays() -> None:
    Path("elsewhere").mkdir()
    Path("elsewhere/x").write_text("theirs")
    Path("data").mkdir()
    target, left = Path("data/out"), Path(f"data/.out.{MARK}.old")
    for link in (target, left):
        link.symlink_to(Path("elsewhere").resolve())
    assert mend_below([Path("data")]) == (left,)
    with writing_folder(target) as out:
        (out / "x").write_text("ours")
    assert [path.name for path in Path("data").iterdir()] == ["out"]
    assert (target.is_symlink(), (target / "x").read_text()) == (False, "ours")
    assert Path("elsewhere/x").read_text() == "theirs"
