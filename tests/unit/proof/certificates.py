"""Certificates for tests: one of each verdict."""

from dataclasses import replace
from typing import Any

from remint.proof.certificate import Certificate

WEIGHTS = "data/models/adult-mlp/weights.safetensors"
METRICS = "data/reports/evaluate/adult-mlp/metrics.json"
A, B, C = "a" * 64, "b" * 64, "c" * 64
ENVIRONMENT = {"python": "3.11.9", "machine": "x86_64", "instructions": "AVX2", "threads": 1, "torch": "2.13.0"}

IDENTICAL = Certificate(
    model="adult-mlp",
    version=3,
    run="0f" * 16,
    fingerprint=C,
    commit="d" * 40,
    dirty=False,
    start="preprocess",
    verdict="identical",
    outputs={WEIGHTS: {"registered": A, "minted": A}, METRICS: {"registered": B, "minted": B}},
    largest={"weights": 0.0, "predictions": 0.0, "metrics": {"accuracy": {"registered": 0.85, "minted": 0.85}}},
    tolerance=0.01,
    first_difference=None,
    environment={"registered": ENVIRONMENT, "minted": ENVIRONMENT},
    notes=["the data was had from DVC's cache"],
    when="2026-11-22T04:00:12Z",
    seconds=12.5,
    remint="0.1.0",
)


def difference(kind: str, name: str, registered: Any, minted: Any, detail: str = "") -> dict[str, Any]:
    """Give a first difference."""
    return {"kind": kind, "name": name, "registered": registered, "minted": minted, "detail": detail}


EQUIVALENT = replace(
    IDENTICAL,
    verdict="equivalent",
    outputs={WEIGHTS: {"registered": A, "minted": C}, METRICS: {"registered": B, "minted": C}},
    largest={"weights": 1e-7, "predictions": 2e-6, "metrics": {"accuracy": {"registered": 0.85, "minted": 0.8501}}},
    first_difference=difference("threads", "threads", 1, 2),
    environment={"registered": ENVIRONMENT, "minted": ENVIRONMENT | {"threads": 2}},
)
DECIDED = replace(
    IDENTICAL,
    verdict="different",
    outputs={WEIGHTS: {"registered": A, "minted": None}},
    largest=None,
    first_difference=difference(
        "code", "src/remint/models/mlp.py", A, B, "--- a\n+++ b\n@@ -1 +1 @@\n-x = 1\n+x = 2\n"
    ),
)
OTHER_STAGE = replace(
    IDENTICAL,
    verdict="different",
    outputs={WEIGHTS: {"registered": A, "minted": C}},
    first_difference=difference("stage", WEIGHTS, A, C),
)
ALL = {"identical": IDENTICAL, "equivalent": EQUIVALENT, "decided": DECIDED, "stage": OTHER_STAGE}
