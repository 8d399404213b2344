from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from remint.errors import DataError
from remint.registry.predictor import load_predictor
from remint.registry.quick import QuickPredictor
from remint.serving import champion as champion_module
from remint.serving.champion import Champion, Current
from remint.tracking.models import Version

VERSION = Version("people-mlp", 1, "run", "f" * 64, {}, True, "m-1", datetime(2026, 1, 1, tzinfo=UTC))


def test_a_state_is_told_once(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    predictor = load_predictor(Path("served", "people-mlp"))
    current = Current(VERSION, predictor, QuickPredictor(predictor), "")
    told: list[dict[str, Any]] = []
    state: list[Exception | None] = [None]

    def resolve(_reference: object) -> Version:
        if state[0] is not None:
            raise state[0]
        return VERSION

    monkeypatch.setattr(champion_module, "resolve", resolve)
    monkeypatch.setattr(champion_module, "_loaded", lambda _version: current)
    monkeypatch.setattr(champion_module, "_stamp", lambda: None)
    champion = Champion("people-mlp", lambda event, **what: told.append({"event": event, **what}))
    for error in (DataError("gone"), DataError("locked"), None, DataError("locked")):
        state[0] = error
        champion.look()
        champion.look()
    assert [what["reason"] for what in told] == ["gone", "locked", "locked"]
