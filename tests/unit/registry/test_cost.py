import shutil
import time
from pathlib import Path

import pandas as pd
import pytest
import torch
from safetensors.torch import save_file

from remint import paths
from remint.data.raw import read_raw
from remint.registry import cost
from remint.registry.checksums import FILES
from remint.registry.cost import count_parameters, measure_cost
from remint.registry.package import predictor_package
from tests import trained


def packaged(experiment: str, dataset: str, folder: Path) -> Path:
    """Train, and give the files that are registered."""
    trained.train(experiment)
    package = predictor_package(experiment, dataset, {})
    folder.mkdir()
    for file in package.files:
        shutil.copy(file, folder)
    for name, text in package.written.items():
        (folder / name).write_text(text)
    return folder


def raw_row() -> pd.DataFrame:
    """A row as a user has it."""
    return read_raw(paths.raw("people")).rows[["age", "children", "height", "job", "member"]].iloc[[0]]


@pytest.fixture(autouse=True)
def briefly(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the measuring take little time, and yet more than one call."""
    monkeypatch.setattr(cost, "SECONDS", 0.05)
    monkeypatch.setattr(cost, "FEWEST", 4)


def test_the_cost_of_a_registered_model(project: Path) -> None:
    folder = packaged("people-mlp", "people", project / "served")
    found = measure_cost(folder, raw_row(), 12.5)
    assert set(found) == {
        *("parameters", "size_mb", "latency_ms", "training_seconds", "energy_wh", "energy_note", "machine")
    }
    files = [folder / name for name in FILES]
    assert found["size_mb"] == (files[0].stat().st_size + files[2].stat().st_size) / 1e6
    latency = found["latency_ms"]
    assert 0 < latency["p50"] <= latency["p99"] < 1000
    assert latency["rows"] == 1
    assert cost.FEWEST <= latency["calls"] <= cost.MOST
    assert found["training_seconds"] == 12.5
    assert found["machine"]["cores"] >= 1
    assert found["machine"]["cpu"]


def test_an_unknown_training_time_stays_unknown(project: Path) -> None:
    found = measure_cost(packaged("people-mlp", "people", project / "served"), raw_row(), None)
    assert (found["training_seconds"], found["energy_wh"]) == (None, None)


def test_parameters_are_those_of_the_network(tmp_path: Path) -> None:
    network = torch.nn.Sequential(torch.nn.Conv2d(1, 4, 3), torch.nn.BatchNorm2d(4), torch.nn.Linear(4, 2))
    save_file(network.state_dict(), tmp_path / "weights.safetensors", {"format": "pt"})
    assert count_parameters(tmp_path / "weights.safetensors") == sum(p.numel() for p in network.parameters())


def test_a_slow_model_is_called_a_few_times() -> None:
    taken = cost._latencies(lambda: time.sleep(0.03))
    assert len(taken) == cost.FEWEST
    assert min(taken) >= 30


def test_warm_up_calls_do_not_count(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cost, "SECONDS", 60)
    calls = iter(range(1000))
    taken = cost._latencies(lambda: next(calls))
    assert next(calls) == len(taken) + cost.WARM_UP


def test_a_quick_model_is_called_a_bounded_number_of_times(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cost, "SECONDS", 60)
    assert len(cost._latencies(lambda: None)) == cost.MOST


def counters(folder: Path, *microjoules: int) -> Path:
    for package, reading in enumerate(microjoules):
        (folder / f"intel-rapl:{package}").mkdir(parents=True, exist_ok=True)
        (folder / f"intel-rapl:{package}" / "energy_uj").write_text(f"{reading}\n")
        (folder / f"intel-rapl:{package}:0").mkdir(exist_ok=True)
        (folder / f"intel-rapl:{package}:0" / "energy_uj").write_text("5\n")
    return folder


def test_energy_is_that_of_all_packages(tmp_path: Path) -> None:
    assert cost._joules(counters(tmp_path / "power", 2_000_000, 500_000)) == 2.5
    assert cost._joules(tmp_path / "none") is None
    assert cost._watts(2.5, 22.5, 2.0) == 10
    assert cost._energy(10.0, 1800.0)["energy_wh"] == 5


@pytest.mark.parametrize(("before", "after"), [(None, 1.0), (1.0, None), (5.0, 1.0), (5.0, 5.0)])
def test_no_energy_is_made_up(before: float | None, after: float | None) -> None:
    assert cost._energy(cost._watts(before, after, 2.0), 1800.0) == {"energy_wh": None, "energy_note": cost.UNMEASURED}
