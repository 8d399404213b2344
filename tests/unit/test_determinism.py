import pytest
import torch

from remint.determinism import deterministic


def _state() -> tuple[object, ...]:
    return (
        torch.get_num_threads(),
        torch.are_deterministic_algorithms_enabled(),
        torch.is_deterministic_algorithms_warn_only_enabled(),
        torch.utils.deterministic.fill_uninitialized_memory,
        torch.get_float32_matmul_precision(),
        torch.get_rng_state().numpy().tobytes(),
    )


@pytest.fixture
def odd_state():
    before = _state()
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True, warn_only=True)
    torch.set_float32_matmul_precision("medium")
    yield
    torch.set_num_threads(before[0])
    torch.use_deterministic_algorithms(before[1], warn_only=before[2])
    torch.set_float32_matmul_precision(before[4])


@pytest.mark.usefixtures("odd_state")
@pytest.mark.parametrize("fails", [False, True])
def test_sets_the_state_and_puts_it_back(fails: bool):
    before = _state()
    try:
        with deterministic(2):
            assert torch.get_num_threads() == 2
            assert torch.are_deterministic_algorithms_enabled()
            assert not torch.is_deterministic_algorithms_warn_only_enabled()
            assert torch.get_float32_matmul_precision() == "highest"
            torch.rand(3)
            if fails:
                raise KeyError
    except KeyError:
        pass
    assert _state() == before
