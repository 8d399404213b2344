from collections.abc import Callable
from unittest.mock import Mock

import pytest
from prefect.states import Completed, Failed

from flows import pipeline
from flows.executor import Outcome
from flows.pipeline import _failure
from flows.reporter import Reporter
from flows.summary import StageResult
from remint.errors import RemintError


def test_a_promotion_that_failed_is_told_in_a_sentence() -> None:
    assert _failure(Failed(data=RemintError("the store is away"))) == "the store is away"


def test_a_fault_of_our_own_is_told_with_where_it_arose_and_ends_no_run() -> None:
    try:
        raise ValueError("boom")
    except ValueError as error:
        told = _failure(Failed(data=error))
    assert told.startswith("a fault in remint, not in your project:\nTraceback")
    assert 'raise ValueError("boom")' in told


def test_ctrl_c_ends_the_run() -> None:
    with pytest.raises(KeyboardInterrupt):
        _failure(Failed(data=KeyboardInterrupt()))


def run_at_once(**_options: object) -> Callable:
    """Stand in for Prefect's `task`, which wants a server."""

    def decorate(work: Callable) -> Callable:
        def run(*arguments: str, return_state: bool) -> object:
            try:
                return Completed(data=work(*arguments))
            except RemintError as error:
                return Failed(data=error)

        return run

    return decorate


def test_each_registration_that_failed_is_told_in_the_terminal(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(pipeline, "task", run_at_once)
    monkeypatch.setattr(pipeline, "finish_experiment", Mock(side_effect=RemintError("the store is away")))
    monkeypatch.setattr(pipeline, "restore_baselines", Mock(side_effect=RemintError("so is the other")))
    project = Mock(experiments={"x": Mock(dataset="d")})
    stages = tuple(StageResult(address, Outcome.RAN, 0.0) for address in ("baseline@d", "evaluate@x"))
    summary = pipeline._promote(project, ("x",), stages, Reporter())
    assert summary.errors == ("promote x: the store is away", "baselines of d: so is the other")
    assert capsys.readouterr().out == "promote x: the store is away\nbaselines of d: so is the other\n"
