"""What a model costs: parameters, size, latency, training time, energy."""

import json
import math
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from remint.provenance import processor
from remint.registry.checksums import PREPROCESSOR, WEIGHTS

WARM_UP, FEWEST, MOST, SECONDS = 3, 5, 300, 2.0
"Calls that are not counted; counted calls at least and at most; seconds after which no further call begins."
_STATISTICS = ("running_mean", "running_var", "num_batches_tracked")
"Tensors of batch normalisation that no training step moves by a gradient."
POWER = Path("/sys/class/powercap")
"Energy counters of the processor packages (RAPL), where the kernel and the machine have them."
UNMEASURED = "not measured: this machine shows no energy counter (RAPL)"


def measure_cost(model_data: Path, inputs: Any, training_seconds: float | None) -> dict[str, Any]:
    """Give the content of `cost.json` of a predictor's folder.

    `inputs` is one raw row as `Predictor.predict` takes it. Latency is the time of whole calls of `predict` in
    milliseconds, within about two seconds in all, so that of a slow model it stands on few calls. `energy_wh` is an
    estimate: the mean power of the processor while predicting, over the seconds of the training; null where no
    counter can be read. Raises DataError for a folder that cannot be loaded.
    """
    from remint.registry.predictor import load_predictor

    predictor = load_predictor(model_data)
    energy, start = _joules(POWER), time.perf_counter()
    milliseconds = _latencies(lambda: predictor.predict(inputs))
    watts = _watts(energy, _joules(POWER), time.perf_counter() - start)
    files = [model_data / WEIGHTS, model_data / PREPROCESSOR]
    return {
        "parameters": count_parameters(files[0]),
        "size_mb": sum(file.stat().st_size for file in files) / 1e6,
        "latency_ms": {
            "p50": float(np.quantile(milliseconds, 0.5)),
            "p99": float(np.quantile(milliseconds, 0.99)),
            "rows": len(inputs),
            "calls": len(milliseconds),
        },
        "training_seconds": training_seconds,
        **_energy(watts, training_seconds),
        "machine": {"cpu": processor(), "cores": len(os.sched_getaffinity(0))},
    }


def count_parameters(weights: Path) -> int:
    """Count the numbers in a safetensors file by its header, the statistics of batch normalisation left out."""
    with weights.open("rb") as file:
        header = json.loads(file.read(int.from_bytes(file.read(8), "little")))
    tensors = {name: tensor for name, tensor in header.items() if name != "__metadata__"}
    return sum(math.prod(tensor["shape"]) for name, tensor in tensors.items() if not name.endswith(_STATISTICS))


def _latencies(call: Callable[[], Any]) -> list[float]:
    """Time calls, in milliseconds. The first ones pay for lazy imports and cold caches, so they do not count."""
    end = time.perf_counter() + SECONDS
    for _ in range(WARM_UP):
        call()
        if time.perf_counter() > end:
            break
    taken: list[float] = []
    while len(taken) < MOST and (len(taken) < FEWEST or time.perf_counter() < end):
        start = time.perf_counter()
        call()
        taken.append((time.perf_counter() - start) * 1000)
    return taken


def _energy(watts: float | None, seconds: float | None) -> dict[str, Any]:
    if watts is None or seconds is None:
        return {"energy_wh": None, "energy_note": UNMEASURED if watts is None else "the training time is not recorded"}
    note = "estimated: mean power of the processor while predicting, over the seconds of the training"
    return {"energy_wh": watts * seconds / 3600, "energy_note": note}


def _watts(before: float | None, after: float | None, seconds: float) -> float | None:
    """Give the mean power between two readings; None where one is missing or the counter began anew."""
    return None if before is None or after is None or after <= before else (after - before) / seconds


def _joules(counters: Path) -> float | None:
    """Read the energy counters of all packages; None where there is none, or it may not be read."""
    try:
        found = [int(file.read_text()) for file in sorted(counters.glob("intel-rapl:?/energy_uj"))]
    except OSError:
        return None
    return sum(found) / 1e6 if found else None
