"""Healing of what a killed DVC leaves."""

import json
import os
import time
from pathlib import Path

import pytest
from dvc.repo import Repo
from dvc_objects.fs.utils import tmp_fname

from flows import dvc_files
from flows.dvc_files import COPY, mend_dvc, mend_run_cache, mend_temporary
from flows.dvc_lock import is_whole, mended
from flows.plan import open_repo
from remint import paths
from remint.locks import free, take

pytestmark = pytest.mark.usefixtures("workdir")
STAGE = """  train@{name}:
    cmd: remint stage {name}
    deps:
    - path: data/in
      md5: 11aa
      size: 3
    outs:
    - path: data/{name}
      hash: md5
      md5: 22bb.dir
      size: {size}
      nfiles: 2
"""
OWN = """  own:
    cmd: python own.py
    deps:
    - path: data/in
      md5: 11aa
      size: 3
    params:
      params.yaml:
        own: 1
"""
"A stage that a user added, without outputs."
PUSHED = """  pushed:
    cmd: remint stage pushed
    outs:
    - path: data/file
      hash: md5
      md5: 22bb
      size: 4
      cloud:
        versioned:
          etag: e
          version_id: v1
    - path: data/folder
      hash: md5
      files:
      - relpath: a
        md5: 33cc
        size: 4
        cloud:
          versioned:
            version_id: v2
      - relpath: b
        md5: 44dd
        size: 4
        cloud:
          versioned:
            version_id: v3
"""
"A stage as `dvc push` to a version-aware remote writes it."
RUNS = dvc_files.CACHE / "runs"
HEAD = "schema: '2.0'\nstages:\n"


def lock(*stages: str, size: int = 7) -> str:
    return HEAD + "".join(STAGE.format(name=name, size=size) for name in stages)


def test_every_cut_is_seen_and_mended_from_the_copy() -> None:
    whole = lock("a", "b", "c")
    boundaries = {len(lock("a")), len(lock("a", "b"))}
    for length in range(len(whole)):
        assert is_whole(whole[:length]) == (length in boundaries), whole[:length]
        if length not in boundaries:
            assert mended(whole[:length], whole) == whole
    assert is_whole(whole)


def test_a_torn_lock_keeps_what_is_newer_than_the_copy() -> None:
    paths.LOCK_FILE.write_text(lock("a", "b", "c"))
    assert mend_dvc() == ()
    assert COPY.read_text() == lock("a", "b", "c")
    newer = lock("a", "b", size=8)
    paths.LOCK_FILE.write_text(newer + STAGE.format(name="c", size=9)[:-20])
    (told,) = mend_dvc()
    assert "dvc.lock was torn" in told
    assert paths.LOCK_FILE.read_text() == newer + STAGE.format(name="c", size=7)
    assert mend_dvc() == ()


def test_a_torn_lock_without_a_copy_loses_its_last_stage_alone() -> None:
    paths.LOCK_FILE.write_text(lock("a", "b")[:-5])
    assert len(mend_dvc()) == 1
    assert paths.LOCK_FILE.read_text() == lock("a")
    paths.LOCK_FILE.write_text("")
    COPY.unlink(missing_ok=True)
    assert len(mend_dvc()) == 1
    assert not paths.LOCK_FILE.exists()


@pytest.mark.parametrize(
    "text",
    [
        "schema: '2.0'\nstages: {}\n",
        lock("a") + OWN,
        lock("a") + "  other:\n    cmd: x\n" + OWN.partition("    params")[0],
        (lock("a") + "  other:\n    cmd: x\n").replace("\n", "\r\n"),
        lock("a", "b").replace("\n", "\r\n"),
        lock("a") + PUSHED,
        lock("a") + PUSHED.replace("pushed", "train@p"),
        lock("a") + PUSHED.replace("pushed", "train@p").replace("        size: 4\n", ""),
    ],
)
def test_a_lock_that_dvc_finished_is_left_as_it_is(text: str) -> None:
    paths.LOCK_FILE.write_bytes(text.encode())
    assert mend_dvc() == ()
    assert paths.LOCK_FILE.read_bytes() == text.encode()


@pytest.mark.parametrize("cut", ["  own:\n", "    deps:\n", "      md5: 11aa\n"])
def test_a_cut_in_a_stage_without_outputs_is_seen(cut: str) -> None:
    assert not is_whole(lock("a") + OWN[: OWN.index(cut) + len(cut)])


@pytest.mark.parametrize("name", ["pushed", "train@p"])
def test_a_cut_in_what_a_versioned_remote_was_sent_is_seen(name: str) -> None:
    whole = PUSHED.replace("pushed", name)
    for line in ("files:\n", "relpath: b\n", "md5: 44dd\n", "cloud:\n", "versioned:\n"):
        end = whole.rindex(line) + len(line)
        assert not is_whole(lock("a") + whole[:end])
        assert not is_whole(lock("a") + whole[: end - 1])


def test_a_lock_that_dvc_is_writing_is_left_alone() -> None:
    paths.LOCK_FILE.write_text(lock("a")[:-5])
    Path(".dvc/tmp").mkdir(parents=True)
    held = take(Path(".dvc/tmp/lock"))
    assert held is not None
    assert mend_dvc() == ()
    free(held)
    assert len(mend_dvc()) == 1


def held_by(pid: int) -> str:
    return json.dumps({"write": {"/p": {"pid": pid, "cmd": "dvc repro"}}, "read": {"/q": [{"pid": pid, "cmd": "dvc"}]}})


def test_locks_of_the_dead_are_broken_those_of_the_living_are_not() -> None:
    file = Path(".dvc/tmp/rwlock")
    file.parent.mkdir(parents=True)
    for text in ('{"write": {}}', held_by(os.getpid())):
        file.write_text(text)
        assert mend_dvc() == ()
        assert file.read_text() == text
    for text in ('{"write": {"/p"', "", held_by(2**22 + 1)):
        file.write_text(text)
        assert mend_dvc() == (".dvc/tmp/rwlock: locks of a killed DVC command are broken",)
        assert json.loads(file.read_text()) in ({}, {"write": {}, "read": {}})
    both = json.loads(held_by(os.getpid()))
    both["read"]["/q"].append({"pid": 2**22 + 1, "cmd": "dvc"})
    file.write_text(json.dumps(both))
    assert len(mend_dvc()) == 1
    assert json.loads(file.read_text()) == json.loads(held_by(os.getpid()))
    file.write_text(held_by(os.getpid()))
    os.utime(file, (1e9, 1e9))  # older than this process, which has got the number of a dead one
    assert len(mend_dvc()) == 1


def test_an_empty_folder_of_the_run_cache_goes() -> None:
    empty, full = RUNS / "ab" / "abcd", RUNS / "ab" / "abef"
    empty.mkdir(parents=True)
    full.mkdir()
    (full / "entry").write_text("")
    mend_run_cache(RUNS)
    assert not empty.exists()
    assert (full / "entry").exists()


def test_a_cache_that_lies_elsewhere_is_mended_what_others_may_be_writing_stays(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    repo = Repo.init(no_scm=True)
    shared = tmp_path_factory.mktemp("shared")
    with repo.config.edit() as configured:
        configured["cache"]["dir"] = str(shared)
    old, new = shared / "runs/ab/abcd", shared / "runs/ab/abef"
    left, own = shared / "files/md5" / tmp_fname(), shared / "files" / tmp_fname()
    entry = shared / "runs/ab/abde" / tmp_fname()
    for folder in (old, new, left.parent, entry.parent):
        folder.mkdir(parents=True)
    for file in (left, own, entry):
        file.touch()
    os.utime(old, (time.time() - 60,) * 2)
    for file in (left, entry):
        os.utime(file, (time.time() - 90_000,) * 2)
    open_repo()
    assert [path.exists() for path in (old, left, entry, new, own)] == [False, False, False, True, True]


def test_temporary_files_of_a_killed_dvc_go_those_of_a_living_one_stay() -> None:
    name = tmp_fname()
    left = {Path(name), paths.DATA / "prepared" / "x" / name, dvc_files.CACHE / "files/md5" / name}
    own = paths.DATA / f".{'x' * 21}.tmp"
    for path in (*left, own):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    Path(".dvc/tmp").mkdir(parents=True)
    held = take(Path(".dvc/tmp/lock"))
    assert held is not None
    assert mend_temporary() == ()
    free(held)
    assert set(mend_temporary()) == left
    assert [path.exists() for path in (*left, own)] == [False, False, False, True]
