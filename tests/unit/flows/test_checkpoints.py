from pathlib import Path

import pytest

from flows.checkpoints import drop_finished
from flows.executor import Outcome
from flows.summary import StageResult
from remint import paths
from remint.locks import locked


@pytest.mark.usefixtures("workdir")
def test_checkpoints_go_where_the_training_is_up_to_date_and_not_at_work() -> None:
    outcomes = {
        "a": Outcome.UNCHANGED,
        "b": Outcome.RESTORED,
        "c": Outcome.FAILED,
        "d": Outcome.UNCHANGED,
        "f": Outcome.RAN,
    }
    for name in (*outcomes, "e"):
        file = paths.checkpoint(name, "f1")
        file.parent.mkdir(parents=True)
        file.touch()
    stages = [StageResult(f"train@{name}", outcome, 0.0) for name, outcome in outcomes.items()]
    with locked(Path(".remint/locks/train@d.lock")):
        drop_finished([*stages, StageResult("evaluate@e", Outcome.UNCHANGED, 0.0)])
    assert sorted(folder.name for folder in paths.CHECKPOINTS.iterdir()) == ["c", "d", "e"]
