import errno
import math
import os
import re
from pathlib import Path

import pytest
import torch

from remint.errors import ConfigError
from remint.training import checkpoint as module
from remint.training.checkpoint import Checkpoint, Checkpoints, Kept, Position, read_checkpoint, write_checkpoint
from remint.training.interval import Interval, interval

WEIGHT = torch.arange(6.0).view(1, 1, 2, 3).to(memory_format=torch.channels_last)
POSITION = Position(
    3,
    2,
    {"w": WEIGHT},
    {"state": {0: {"step": torch.tensor(2.0)}}, "param_groups": [{"lr": 0.1}]},
    [WEIGHT.sum()],
    [32],
)
CHECKPOINT = Checkpoint(POSITION, [{"epoch": 1, "val_loss": 0.5}], {})
KEPT = Kept(CHECKPOINT, "r1", 12.5)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "adult-mlp" / "f1.pt"


def checkpoints(file: Path, seconds: float = math.inf, steps: float = math.inf) -> Checkpoints:
    return Checkpoints(file, "f1", Interval(seconds, steps), lambda: ("r1", 12.5))


def test_what_is_written_is_read(file: Path):
    write_checkpoint(file, "f1", KEPT)
    kept = read_checkpoint(file, "f1")
    assert (kept.run_id, kept.seconds, kept.checkpoint.history) == ("r1", 12.5, CHECKPOINT.history)
    position = kept.checkpoint.position
    assert torch.equal(position.network["w"], WEIGHT)
    assert position.network["w"].stride() == WEIGHT.stride()
    assert (position.epoch, position.batch, position.sizes) == (3, 2, [32])
    assert position.optimizer["param_groups"] == [{"lr": 0.1}]


def test_of_two_the_last_counts_and_nothing_else_is_left(file: Path):
    write_checkpoint(file, "f1", Kept(CHECKPOINT, "r0", 1.0))
    write_checkpoint(file, "f1", KEPT)
    assert read_checkpoint(file, "f1").run_id == "r1"
    assert list(file.parent.iterdir()) == [file]


@pytest.mark.parametrize(
    "damage",
    [
        lambda content: b"",
        lambda content: content[:20],
        lambda content: content[:-1],
        lambda content: content[: len(content) // 2],
        lambda content: content[:700] + bytes([content[700] ^ 1]) + content[701:],
        lambda content: content + b"0",
    ],
)
def test_a_damaged_file_is_no_checkpoint(file: Path, damage):
    write_checkpoint(file, "f1", KEPT)
    file.write_bytes(damage(file.read_bytes()))
    assert read_checkpoint(file, "f1") is None


def test_another_trainings_file_is_no_checkpoint(file: Path):
    write_checkpoint(file, "f2", KEPT)
    assert read_checkpoint(file, "f1") is None
    assert read_checkpoint(file, "f2") is not None


def test_a_file_that_is_none_or_runs_code_is_no_checkpoint(file: Path, tmp_path: Path):
    class Evil:
        def __reduce__(self):
            return os.mkdir, (str(tmp_path / "ran"),)

    assert read_checkpoint(file, "f1") is None
    file.mkdir(parents=True)
    assert read_checkpoint(file, "f1") is None
    file.rmdir()
    for content in ({"fingerprint": "f1"}, [1], {"fingerprint": "f1", "position": Evil()}):
        torch.save(content, file)
        with file.open("r+b") as whole:
            whole.write(module.file_digest(whole, "sha256").digest())
        assert read_checkpoint(file, "f1") is None
    assert not (tmp_path / "ran").exists()


def test_steps_count_exactly(file: Path):
    kept = checkpoints(file, steps=3)
    due = []
    for _ in range(7):
        due.append(kept.stepped())
        if due[-1]:
            kept.save(CHECKPOINT)
    assert due == [False, False, True, False, False, True, False]


def test_it_is_due_after_the_seconds_and_after_twenty_times_what_it_takes(file: Path, monkeypatch):
    now = [100.0]
    monkeypatch.setattr(module.time, "monotonic", lambda: now[0])
    kept = checkpoints(file, seconds=60)
    now[0] = 159.9
    assert not kept.stepped()
    now[0] = 160.0
    assert kept.stepped()

    def slow(*_: object) -> None:
        now[0] += 10.0

    monkeypatch.setattr(module, "write_checkpoint", slow)
    kept.save(CHECKPOINT)
    now[0] = 170.0 + 199.0
    assert not kept.due
    now[0] += 1.0
    assert kept.due


def test_a_disk_that_does_not_take_it_is_told_once_and_ends_nothing(file: Path, monkeypatch, capsys):
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    write_checkpoint(file, "f1", KEPT)
    monkeypatch.setattr(module.torch, "save", full)
    kept = checkpoints(file, steps=1)
    for _ in range(2):
        kept.save(CHECKPOINT)
    assert re.fullmatch(
        r"no checkpoint: .*f1.pt cannot be written: No space left on device; the training goes on without\n",
        capsys.readouterr().err,
    )
    assert read_checkpoint(file, "f1") is not None


def test_a_really_full_disk_ends_nothing(file: Path, capsys):
    if not Path("/dev/full").exists():
        pytest.skip("no /dev/full")
    file.parent.mkdir(parents=True)
    kept = checkpoints(file, steps=1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "writing", _writing_to_full)
        kept.save(CHECKPOINT)
    assert "no checkpoint: " in capsys.readouterr().err


class _writing_to_full:  # noqa: N801
    def __init__(self, _file: Path) -> None: ...

    def __enter__(self) -> Path:
        return Path("/dev/full")

    def __exit__(self, *_: object) -> None: ...


def test_removing_takes_the_experiments_other_checkpoints_too(file: Path):
    write_checkpoint(file, "f1", KEPT)
    write_checkpoint(file.with_name("f0.pt"), "f0", KEPT)
    other = file.parent.parent / "adult-linear" / "f3.pt"
    write_checkpoint(other, "f3", KEPT)
    checkpoints(file).remove()
    assert not file.parent.exists()
    assert other.exists()
    checkpoints(file).remove()


@pytest.mark.parametrize(
    ("seconds", "steps", "expected"),
    [
        (None, None, Interval(60.0, math.inf)),
        ("0", None, Interval(math.inf, math.inf)),
        ("1.5", "200", Interval(1.5, 200)),
        ("0", "0", Interval(math.inf, math.inf)),
    ],
)
def test_the_interval_is_the_environments(monkeypatch, seconds: str | None, steps: str | None, expected: Interval):
    for name, value in (("REMINT_CHECKPOINT_SECONDS", seconds), ("REMINT_CHECKPOINT_STEPS", steps)):
        monkeypatch.delenv(name, raising=False)
        if value is not None:
            monkeypatch.setenv(name, value)
    assert interval() == expected


@pytest.mark.parametrize(
    ("name", "value", "allowed"),
    [
        ("REMINT_CHECKPOINT_SECONDS", "soon", "a number of seconds, or 0 for never"),
        ("REMINT_CHECKPOINT_SECONDS", "-1", "a number of seconds, or 0 for never"),
        ("REMINT_CHECKPOINT_SECONDS", "nan", "a number of seconds, or 0 for never"),
        ("REMINT_CHECKPOINT_SECONDS", "inf", "a number of seconds, or 0 for never"),
        ("REMINT_CHECKPOINT_STEPS", "1.5", "a whole number of steps, or 0 for never"),
        ("REMINT_CHECKPOINT_STEPS", "", "a whole number of steps, or 0 for never"),
    ],
)
def test_a_wrong_interval_is_told(monkeypatch, name: str, value: str, allowed: str):
    monkeypatch.setenv(name, value)
    with pytest.raises(ConfigError, match=f'^{name} is "{value}"; allowed: {allowed}$'):
        interval()
