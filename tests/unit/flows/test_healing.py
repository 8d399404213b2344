"""A command heals what killed ones have left, and shows that it is at work itself."""

import errno
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from unittest.mock import Mock

import pytest

from flows import healing
from flows.healing import at_work, heal_files, stage_at_work
from remint import signs
from remint.errors import RemintError
from remint.locks import take
from remint.registry import by_hand
from remint.registry.history import history, settled
from remint.registry.promotion import champion
from remint.registry.unfinished import any_unfinished, shown
from remint.signs import Sign, any_dead
from remint.tracking import signs as tracking_signs
from remint.tracking.models import FINGERPRINT
from remint.tracking.records import RunRecord, create_run, experiment_id
from remint.tracking.store import client
from tests.unit.registry.test_history import NAME, make_versions

KILLED = """
import os, signal
from pathlib import Path
from flows.healing import stage_at_work
from remint.files import writing
with stage_at_work("train"), writing(Path("data/models/x/out")):
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.usefixtures("workdir")
def test_the_files_of_a_killed_command_are_removed_and_told(capsys: pytest.CaptureFixture[str]) -> None:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run([sys.executable, "-c", KILLED], env=environment)
    assert done.returncode == -signal.SIGKILL
    assert len(list(Path("data/models/x").iterdir())) == 1
    with stage_at_work("train"):
        assert list(Path("data/models/x").iterdir()) == []
        assert not any_dead(healing.ALIVE)
        assert len(list(healing.ALIVE.iterdir())) == 1
    assert list(healing.ALIVE.iterdir()) == []
    assert capsys.readouterr().err == (
        "remint: healed: 1 unfinished files of a killed command are removed or put back\n"
    )


@pytest.mark.usefixtures("workdir")
def test_nothing_is_looked_for_where_no_command_was_killed() -> None:
    (folder := Path("data/models/x")).mkdir(parents=True)
    (folder / f".out.{'0' * 32}.tmp").touch()
    begin = time.perf_counter()
    assert heal_files() == ()
    assert time.perf_counter() - begin < 0.5
    assert list(folder.iterdir()) != []


@pytest.mark.usefixtures("workdir")
def test_a_full_disk_that_nothing_else_tells_is_one_message() -> None:
    told = r"^data/x cannot be written: No space left on device$"
    with pytest.raises(RemintError, match=told), stage_at_work("train"):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "data/x")
    with pytest.raises(FileNotFoundError), stage_at_work("train"):
        Path("absent").read_text()


@pytest.mark.usefixtures("workdir")
def test_all_is_looked_through_once_however_many_were_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    looked = []
    monkeypatch.setattr(healing, "mend_below", lambda folders: looked.append(folders) or ())
    for _ in range(3):
        Sign(healing.ALIVE).let_go()
    assert heal_files() == ()
    assert len(looked) == 1
    assert list(healing.ALIVE.iterdir()) == []


@pytest.mark.usefixtures("workdir")
def test_a_sign_that_a_healer_has_in_hand_is_not_left_standing(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = [None]
    monkeypatch.setattr(signs, "take", lambda file: take(file) if not answers else (file.touch(), answers.pop())[1])
    Sign(healing.ALIVE).remove()
    assert list(healing.ALIVE.iterdir()) == []


@pytest.mark.usefixtures("store")
def test_a_stage_that_records_marks_the_run_of_a_killed_one(capsys: pytest.CaptureFixture[str]) -> None:
    sign = tracking_signs.Sign()
    run = create_run(RunRecord("people", "mlp", "experiment", "f", {}, {}, {}), sign.token)
    sign.let_go()
    with stage_at_work("preprocess"):
        assert client().get_run(run).info.status == "RUNNING"
    with stage_at_work("train"):
        assert client().get_run(run).info.status == "FAILED"
    assert capsys.readouterr().err.startswith("remint: healed: mlp: an earlier training was cut off")


@pytest.mark.parametrize(("step", "number"), [("_tell", 1), ("finish", 2)])
def test_a_promotion_that_was_cut_off_is_settled_by_any_other_command(
    project: Path, monkeypatch: pytest.MonkeyPatch, step: str, number: int
) -> None:
    make_versions(2)
    by_hand.promote(NAME, 1, "first")
    with monkeypatch.context() as patch:
        patch.setattr(by_hand, step, Mock(side_effect=KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            by_hand.promote(NAME, 2, "second")
    cut_off = history(NAME)
    with at_work():
        assert (champion(NAME).number, any_unfinished()) == (number, False)
        assert cut_off != history(NAME) == settled(NAME)


@pytest.mark.usefixtures("store")
def test_a_registration_that_was_cut_off_is_taken_back(capsys: pytest.CaptureFixture[str]) -> None:
    model = client().create_logged_model(experiment_id("people"), "mlp", None, tags={FINGERPRINT: "f"})
    other = client().create_logged_model(experiment_id("people"), "by hand", None)
    with at_work():
        assert client().get_logged_model(model.model_id)  # nothing was cut off
    with pytest.raises(KeyboardInterrupt), shown():
        raise KeyboardInterrupt
    assert any_unfinished()
    with at_work():
        assert not any_unfinished()
    left = client().search_logged_models([experiment_id("people")])
    assert [entry.model_id for entry in left] == [other.model_id]
    assert capsys.readouterr().err == (
        "remint: healed: mlp: a registration or promotion was cut off; the model is whole again\n"
    )


@pytest.mark.usefixtures("workdir")
def test_what_cannot_be_healed_does_not_stop_a_command(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:9")
    with pytest.raises(KeyboardInterrupt), shown():
        raise KeyboardInterrupt
    with at_work():
        pass
    assert "cannot be healed: MLflow's store http://127.0.0.1:9 cannot be reached" in capsys.readouterr().err
    assert any_unfinished()
