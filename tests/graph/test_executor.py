"""The executor and the `dvc repro` command: the same stages, the same lock, byte for byte."""

import json
import os
import runpy
import shutil
import tempfile
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import dvc.lock
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from flows.executor import DvcExecutor, Outcome
from flows.plan import Plan, make_plan, open_repo, stale_stages
from flows.reasons import reasons
from remint import locks
from remint.errors import RemintError
from remint.locks import free, take
from tests.graph import tiny

JOINS = ("join@a", "join@b")


def execute(
    root: Path,
    jobs: int = 1,
    force: bool = False,
    targets: tuple[str, ...] = JOINS,
    at_the_end: Callable[[], object] = lambda: None,
) -> dict[str, Outcome]:
    """Run the tiny pipeline by our executor; give what happened to each stage. `at_the_end`: of each stage's work."""
    here = Path.cwd()
    os.chdir(root)
    try:
        repo = open_repo()
        plan = make_plan(repo, targets)
        command = runpy.run_path(str(root.parent / "bin" / "remint"))["run"]

        def runner(kind: str, name: str) -> None:
            try:
                command(kind, name)
                at_the_end()
            except SystemExit as failure:
                raise RemintError(str(failure)) from None

        with DvcExecutor(repo, plan, runner) as executor:
            if jobs == 1:
                return {s.address: executor.execute(s, force) for s in plan.stages}
            return _parallel(executor, plan, jobs)
    finally:
        os.chdir(here)


def _parallel(executor: DvcExecutor, plan: Plan, jobs: int) -> dict[str, Outcome]:
    outcomes: dict[str, Outcome] = {}
    with ThreadPoolExecutor(jobs) as pool:
        waiting = list(plan.stages)
        while waiting:
            ready = [s for s in waiting if all(up in outcomes for up in s.upstream)]
            outcomes.update(zip([s.address for s in ready], pool.map(executor.execute, reversed(ready)), strict=True))
            waiting = [s for s in waiting if s not in ready]
    return outcomes


def look(root: Path) -> frozenset[str]:
    """Give the stale stages of the tiny pipeline."""
    here = Path.cwd()
    os.chdir(root)
    try:
        repo = open_repo()
        return stale_stages(repo, make_plan(repo, JOINS))
    finally:
        os.chdir(here)


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tiny.make(tmp_path_factory.mktemp("tiny") / "one")
    execute(root)
    tiny.ran(root)
    return root


def edit(root: Path, what: tuple[str, str, int]) -> None:
    kind, name, number = what
    if kind in ("factor", "shift"):
        content = json.loads((root / "params.yaml").read_text())
        content["things"][name][kind] = number
        (root / "params.yaml").write_text(json.dumps(content))
    elif kind == "data":
        (root / "in" / f"{name}.txt").write_text(name * number)
    elif kind == "code":
        file = root / "code" / f"{('left', 'right', 'join')[number % 3]}.txt"
        file.write_text(f"{file.stem} {number}")
    elif kind == "delete":
        out = root / "out" / ("left", "right", "join")[number % 3]
        shutil.rmtree(out, ignore_errors=True)
    else:
        out = root / "out" / "left" / f"{name}.txt"
        if out.exists():
            out.unlink()
            out.write_text(f"tampered {number}")


EDITS = st.tuples(
    st.sampled_from(("factor", "shift", "data", "code", "delete", "tamper")), st.sampled_from("ab"), st.integers(1, 4)
)


@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
@given(rounds=st.lists(st.lists(EDITS, max_size=3), min_size=1, max_size=3))
def test_both_runners_run_the_same_stages_after_any_edits(finished: Path, rounds: list) -> None:
    with tempfile.TemporaryDirectory() as folder:
        ours, theirs = tiny.copy(finished, Path(folder) / "a"), tiny.copy(finished, Path(folder) / "b")
        for edits in rounds:
            for what in edits:
                edit(ours, what)
                edit(theirs, what)
            outcomes = execute(ours)
            assert tiny.repro(theirs) == 0
            assert tiny.ran(ours) == tiny.ran(theirs), edits
            assert (ours / "dvc.lock").read_bytes() == (theirs / "dvc.lock").read_bytes(), edits
            assert set(outcomes) == {f"{kind}@{name}" for kind in ("left", "right", "join") for name in "ab"}


def test_first_run_writes_the_lock_that_dvc_repro_writes(tmp_path: Path) -> None:
    ours, parallel, theirs = (tiny.make(tmp_path / name) for name in ("a", "b", "c"))
    assert set(execute(ours).values()) == {Outcome.RAN}
    assert set(execute(parallel, jobs=3).values()) == {Outcome.RAN}
    assert tiny.dvc(theirs, "repro").returncode == 0
    assert (ours / "dvc.lock").read_bytes() == (theirs / "dvc.lock").read_bytes()
    assert (parallel / "dvc.lock").read_bytes() == (theirs / "dvc.lock").read_bytes()


def test_after_one_runner_the_other_has_nothing_to_do(tmp_path: Path) -> None:
    root = tiny.make(tmp_path / "a")
    execute(root)
    tiny.ran(root)
    done = tiny.dvc(root, "repro")
    assert "Data and pipelines are up to date" in done.stdout + done.stderr
    assert tiny.ran(root) == []
    assert set(execute(root).values()) == {Outcome.UNCHANGED}


def test_an_earlier_result_is_restored_not_run_again(finished: Path, tmp_path: Path) -> None:
    root = tiny.copy(finished, tmp_path / "a")
    edit(root, ("factor", "a", 3))
    assert execute(root)["left@a"] is Outcome.RAN
    edit(root, ("factor", "a", 1))
    outcomes = execute(root)
    assert outcomes["left@a"] is outcomes["join@a"] is Outcome.RESTORED
    assert outcomes["left@b"] is Outcome.UNCHANGED


def test_a_parameter_never_run_is_never_taken_from_the_cache(finished: Path, tmp_path: Path) -> None:
    root = tiny.copy(finished, tmp_path / "a")
    edit(root, ("factor", "a", 4))
    assert execute(root)["left@a"] is Outcome.RAN
    assert (root / "out/left/a.txt").read_text() == "leftaaaa"


def test_force_runs_what_is_not_stale_and_leaves_the_lock_alone(finished: Path, tmp_path: Path) -> None:
    root = tiny.copy(finished, tmp_path / "a")
    before = (root / "dvc.lock").read_bytes()
    assert set(execute(root, force=True).values()) == {Outcome.RAN}
    assert (root / "dvc.lock").read_bytes() == before


def test_a_failed_stage_leaves_its_lock_entry_and_stays_stale(finished: Path, tmp_path: Path) -> None:
    root = tiny.copy(finished, tmp_path / "a")
    before = (root / "dvc.lock").read_bytes()
    (root / "code" / "right.txt").write_text("fail")
    with pytest.raises(RemintError, match="right fails"):
        execute(root)
    assert (root / "dvc.lock").read_bytes() == before
    assert {"right@a", "right@b"} <= look(root)


def test_targets_limit_what_runs(tmp_path: Path) -> None:
    root = tiny.make(tmp_path / "a")
    assert set(execute(root, targets=("join@a",))) == {"left@a", "right@a", "join@a"}


def test_a_command_that_is_no_stage_of_ours_is_refused(finished: Path, tmp_path: Path) -> None:
    root = tiny.copy(finished, tmp_path / "a")
    (root / "dvc.yaml").write_text(tiny.PIPELINE.replace("remint stage left ${key}", "rm -rf out"))
    with pytest.raises(RemintError, match='the command of left@a is "rm -rf out"'):
        execute(root)


def test_a_stage_that_ran_is_recorded_although_another_holds_dvcs_lock_for_long(
    finished: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    root = tiny.copy(finished, tmp_path / "a")
    edit(root, ("factor", "a", 3))
    monkeypatch.setattr(dvc.lock, "DEFAULT_TIMEOUT", 0.2)
    monkeypatch.setattr(locks, "PATIENCE", 0.3)
    others: list[threading.Timer] = []

    def hold() -> None:
        if not others:
            held = take(root / ".dvc/tmp/lock")
            assert held is not None
            others.append(threading.Timer(1, free, [held]))
            others[0].start()

    assert execute(root, at_the_end=hold)["left@a"] is Outcome.RAN
    assert capsys.readouterr().err == "waiting for another DVC or remint command, which holds DVC's lock\n"
    assert look(root) == frozenset()


def test_reasons_tell_old_and_new_value(finished: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = tiny.copy(finished, tmp_path / "a")
    edit(root, ("factor", "a", 7))
    (root / "code" / "left.txt").write_text("other")
    (root / "out" / "join" / "b.txt").unlink()
    monkeypatch.chdir(root)
    repo = open_repo()
    left = "\n".join(reasons(repo, "left@a"))
    assert "params.yaml things.a.factor: 1 -> 7" in left
    assert "code/left.txt: md5" in left
    assert reasons(repo, "join@b") == ["output out/join/b.txt: missing"]
    assert reasons(repo, "right@a") == []
