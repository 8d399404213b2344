import pytest
from prefect.states import Failed

from flows.pipeline import _failure
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
