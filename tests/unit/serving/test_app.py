import base64
import io
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image
from starlette.testclient import TestClient

from remint import paths
from remint.data.raw import read_raw
from remint.registry.predictor import load_predictor
from remint.registry.quick import QuickPredictor
from remint.serving import champion as champion_module
from remint.serving.app import create
from remint.serving.champion import Current
from remint.serving.settings import ServeSettings
from remint.tracking.models import Version
from tests.served import EXPERIMENTS

VERSION = Version("people-mlp", 1, "run", "f" * 64, {}, True, "m-1", datetime(2026, 1, 1, tzinfo=UTC))


@pytest.fixture(scope="module")
def clients(served_project: Path) -> Iterator[dict[str, TestClient]]:
    """A server of each model, whose registry is these folders."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(served_project)

        def load(name: str) -> Current:
            predictor = load_predictor(Path("served", name))
            return Current(
                replace(VERSION, name=name), predictor, QuickPredictor(predictor), "2026-01-01T00:00:00+00:00"
            )

        patch.setattr(champion_module, "resolve", lambda reference: reference.name)
        patch.setattr(champion_module, "_loaded", load)
        started = {}
        for name in EXPERIMENTS:
            client = TestClient(create(ServeSettings(f"{name}/1", max_body_mb=1)), raise_server_exceptions=False)
            client.__enter__()
            started[name] = client
        yield started
        for client in started.values():
            client.__exit__(None, None, None)


def ask(client: TestClient, body: Any, status: int = 200) -> Any:
    answer = client.post("/invocations", json=body)
    assert answer.status_code == status, answer.text
    return answer.json()["predictions"] if status == 200 else answer.json()


def rows_of(experiment: str) -> pd.DataFrame:
    return read_raw(paths.raw(EXPERIMENTS[experiment])).rows


def records(rows: pd.DataFrame) -> list[dict[str, Any]]:
    return [{n: None if v != v else v for n, v in row.items()} for row in rows.to_dict("records")]


@pytest.mark.parametrize("count", [1, 3, 200, 300])
@pytest.mark.parametrize("experiment", ["people-mlp", "houses-linear", "notes-net", "tides-net"])
def test_what_is_served_is_what_is_predicted(
    clients: dict[str, TestClient], project: Path, experiment: str, count: int
) -> None:
    rows = rows_of(experiment).head(max(count, 20) if experiment == "tides-net" else count)
    wanted = load_predictor(Path("served", experiment)).predict(rows)
    told = ask(clients[experiment], {"dataframe_records": records(rows)})
    assert told == wanted.astype({n: "float64" for n in wanted if wanted[n].dtype == "float32"}).to_dict("records")


def test_every_form_gives_the_same(clients: dict[str, TestClient], project: Path) -> None:
    client, rows = clients["people-mlp"], rows_of("people-mlp").head(3)
    whole = records(rows)
    wanted = ask(client, {"dataframe_records": whole})
    columns = {name: [row[name] for row in whole] for name in rows}
    split = {"columns": list(columns), "data": [list(row.values()) for row in whole]}
    assert ask(client, {"dataframe_split": split}) == wanted
    assert ask(client, {"dataframe_split": {**split, "index": [7, 8, 9]}}) == wanted
    assert ask(client, {"instances": whole}) == wanted
    assert ask(client, {"inputs": columns}) == wanted
    assert ask(client, {"inputs": whole[0]}) == ask(client, {"inputs": whole[:1]})
    text = client.post("/invocations", content=rows.to_csv(index=False), headers={"content-type": "text/csv"})
    assert text.json()["predictions"] == wanted
    skipped = ask(client, {"inputs": columns, "params": {"on_error": "skip"}})
    assert skipped == [row | {"error": None} for row in wanted]


def test_images_as_numbers_and_as_files(clients: dict[str, TestClient], project: Path) -> None:
    client, images = clients["digits-cnn"], read_raw(paths.raw("digits")).images[:3]
    wanted = load_predictor(Path("served/digits-cnn")).predict(images).to_dict("records")
    assert ask(client, {"inputs": images.tolist()}) == wanted
    assert ask(client, {"instances": images[..., 0].tolist()}) == wanted
    files = []
    for image in images:
        out = io.BytesIO()
        Image.fromarray(image[:, :, 0]).save(out, "PNG")
        files.append({"b64": base64.b64encode(out.getvalue()).decode()})
    assert ask(client, {"instances": files}) == wanted
    assert "instances, row 1, has the shape 2" in ask(client, {"instances": [files[0], [1, 2]]}, 400)["message"]
    assert "no pixels" in ask(client, {"inputs": (images.astype(int) + 300).tolist()}, 400)["message"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"age": "old"}, 'column "age", row 1, is "old"; allowed: a whole number'),
        ({"age": 1.5}, 'column "age", row 1, is 1.5; allowed: a whole number'),
        ({"age": True}, 'column "age", row 1, is True; allowed: a whole number'),
        ({"age": None}, 'column "age", row 1, is missing; allowed: a value in every row'),
        ({"age": 10**400}, "allowed: a finite number, as float32 holds it"),
        ({"height": 1e39}, 'column "height", row 1, is 1e+39; allowed: a finite number, as float32 holds it'),
        ({"job": ["cook"]}, "column \"job\", row 1, is ['cook']; allowed: a value"),
        ({"job": ""}, 'column "job", row 1, is missing; allowed: a value in every row'),
        ({"member": ""}, 'column "member", row 1, is missing; allowed: a value in every row'),
        ({"age": ""}, 'column "age", row 1, is missing; allowed: a value in every row'),
        ({"member": "maybe"}, 'column "member", row 1, is "maybe"; allowed: False, True'),
        ({"size": 1}, 'column "size" is not known'),
    ],
)
def test_a_bad_row_is_told_of(clients: dict[str, TestClient], project: Path, change: dict, message: str) -> None:
    rows = records(rows_of("people-mlp").head(3))
    rows[1] |= change
    told = ask(clients["people-mlp"], {"dataframe_records": rows}, 400)
    assert told["error_code"] == "BAD_REQUEST"
    assert message in told["message"]
    if "size" not in change:
        answers = ask(clients["people-mlp"], {"dataframe_records": rows, "params": {"on_error": "skip"}})
        assert [row["prediction"] is None for row in answers] == [False, True, False]
        assert message in answers[1]["error"]


def test_what_is_no_question_is_refused(clients: dict[str, TestClient]) -> None:
    client = clients["people-mlp"]
    for body in (
        {},
        {"instances": [], "inputs": []},
        {"rows": []},
        {"instances": 1},
        {"dataframe_split": {"data": []}},
    ):
        assert ask(client, body, 400)["error_code"] == "BAD_REQUEST"
    assert ask(client, {"instances": [], "params": {"on_error": "pass"}}, 400)["message"].startswith("params is")
    assert client.post("/invocations", content=b"{}", headers={"content-type": "text/plain"}).status_code == 415
    assert (
        client.post("/invocations", content=b"{}", headers={"content-type": "text/csv; charset=x"}).status_code == 415
    )
    assert client.post("/invocations", content=b" " * (2**20 + 1)).status_code == 413
    assert client.post("/invocations", content=iter([b" " * 2**19] * 3)).status_code == 413
    assert client.get("/invocations").status_code == 405
    assert client.get("/nothing").status_code == 404
    assert client.get("/nothing").json()["error_code"] == "ENDPOINT_NOT_FOUND"


def test_what_else_a_server_tells(clients: dict[str, TestClient], project: Path) -> None:
    client = clients["people-mlp"]
    assert client.get("/ping").status_code == 200
    assert client.get("/version").json() == {
        "model": "people-mlp",
        "version": 1,
        "alias": None,
        "fingerprint": "f" * 64,
        "since": "2026-01-01T00:00:00+00:00",
    }
    ask(client, {"dataframe_records": records(rows_of("people-mlp").head(2))})
    figures = client.get("/metrics").text
    assert 'remint_requests_total{path="/invocations",status="200"}' in figures
    assert 'remint_model_version{model="people-mlp"} 1.0' in figures
    lines = [json.loads(line) for line in (paths.LOGS / "serve-people-mlp.log").read_text().splitlines()]
    asked = [line for line in lines if line.get("path") == "/invocations" and line["rows"] == 2]
    assert set(asked[-1]) == {"time", "path", "status", "ms", "rows", "version"}


def test_a_slow_answer_ends(clients: dict[str, TestClient], project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import time

    monkeypatch.setattr("remint.serving.app.answered", lambda *_: time.sleep(2))
    with TestClient(create(ServeSettings("poems-net/1", timeout=1))) as client:
        assert ask(client, {"instances": ["abc"]}, 504)["error_code"] == "DEADLINE_EXCEEDED"


def test_a_slot_is_held_until_its_work_really_ends(
    clients: dict[str, TestClient], project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import threading

    over = threading.Event()
    monkeypatch.setattr("remint.serving.app.WAITING", 1)
    monkeypatch.setattr("remint.serving.app.answered", lambda *_: (b"{}", 0 if over.wait(20) else 1))
    with TestClient(create(ServeSettings("poems-net/1", timeout=1))) as client:
        assert ask(client, {"instances": ["abc"]}, 504)["error_code"] == "DEADLINE_EXCEEDED"
        assert ask(client, {"instances": ["abc"]}, 503)["error_code"] == "TEMPORARILY_UNAVAILABLE"
        over.set()
        for _ in range(100):
            answer = client.post("/invocations", json={"instances": ["abc"]})
            if answer.status_code == 200:
                break
        assert answer.status_code == 200


def test_only_few_rows_are_answered_at_once(
    clients: dict[str, TestClient], project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow: list[int] = []

    def answered(_predictor: object, body: bytes, _kind: str) -> tuple[bytes, int]:
        slow.append(len(body))
        return b"{}", 0

    monkeypatch.setattr("remint.serving.app.answered", answered)
    [row] = records(rows_of("people-mlp").head(1))
    for count in (1, 256, 257):
        clients["people-mlp"].post("/invocations", json={"dataframe_records": [row] * count})
        assert len(slow) == (count > 256)
    many = [{str(i): 0} for i in range(4500)]
    for body in ({"instances": [{}] * 5000}, {"inputs": {"age": [1] * 5000}}, {"instances": many}):
        before = len(slow)
        clients["people-mlp"].post("/invocations", json=body)
        assert len(slow) == before + 1
    clients["digits-cnn"].post("/invocations", json={"instances": []})
    assert len(slow) == 5


FORMS = ("dataframe_split", "dataframe_records", "instances", "inputs", "params", "rows")
NAMES = ("age", "children", "height", "job", "member", "rich", "columns", "data", "index", "text", "b64", "on_error")
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers(-(10**400), 10**400)
    | st.floats()
    | st.text(max_size=5)
    | st.sampled_from(("\ud800", "cook", "skip", 30, 170.5, "a" * 300)),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(NAMES) | st.text(max_size=3), inner, max_size=5)
    ),
    max_leaves=12,
)
ROWS = st.lists(st.fixed_dictionaries(dict.fromkeys(NAMES[:5], VALUES)), max_size=3)
BODIES = (
    st.binary(max_size=40)
    | st.dictionaries(st.sampled_from(FORMS), VALUES | ROWS, max_size=3).map(lambda body: json.dumps(body).encode())
    | ROWS.map(lambda rows: json.dumps({"dataframe_records": rows, "params": {"on_error": "skip"}}).encode())
    | VALUES.map(lambda value: json.dumps(value).encode())
)
TYPES = st.sampled_from(("application/json", "text/csv", "application/json; charset=utf-8"))


def check_malformed(clients: dict[str, TestClient], experiment: str, body: bytes, content_type: str) -> None:
    answer = clients[experiment].post("/invocations", content=body, headers={"content-type": content_type})
    assert answer.status_code in (200, 400, 415), (answer.text, body)
    assert set(answer.json()) in ({"predictions"}, {"error_code", "message"})


MODELS = st.sampled_from(["people-mlp", "digits-cnn", "notes-net", "tides-net"])
QUIET = {"deadline": None, "suppress_health_check": list(HealthCheck), "database": None}


@settings(max_examples=300, **QUIET)
@given(experiment=MODELS, body=BODIES, content_type=TYPES)
def test_malformed_bodies_are_answered(
    clients: dict[str, TestClient], experiment: str, body: bytes, content_type: str
) -> None:
    check_malformed(clients, experiment, body, content_type)


@pytest.mark.slow
@settings(max_examples=10_000, **QUIET)
@given(experiment=MODELS, body=BODIES, content_type=TYPES)
def test_ten_thousand_malformed_bodies_are_answered(
    clients: dict[str, TestClient], experiment: str, body: bytes, content_type: str
) -> None:
    check_malformed(clients, experiment, body, content_type)


@settings(max_examples=100, **QUIET)
@given(
    rows=st.lists(
        st.fixed_dictionaries(
            {
                "age": st.integers(-(10**9), 10**9),
                "children": st.none() | st.integers(0, 9) | st.just(2.0),
                "height": st.floats(-1e38, 1e38) | st.integers(0, 300),
                "job": st.sampled_from(("cook", "nurse", "astronaut")),
                "member": st.booleans(),
            }
        ),
        min_size=1,
        max_size=9,
    )
)
def test_the_quick_way_gives_the_bits_of_the_other(served_project: Path, rows: list[dict[str, Any]]) -> None:
    predictor = QUICK.setdefault("predictor", load_predictor(served_project / "served" / "people-mlp"))
    columns = {name: [row[name] for row in rows] for name in rows[0]}
    quick = QuickPredictor(predictor).answer(columns, False)
    assert quick is not None
    assert quick == predictor.predict(pd.DataFrame(rows).astype({"children": float})).to_dict("records")


QUICK: dict[str, Any] = {}


def test_quick_and_other_logarithms_are_the_same() -> None:
    values = np.random.default_rng(0).integers(0, 100_000, 4096).astype(float)
    whole = np.log1p(values)
    assert all(np.log1p(values[i : i + n])[0] == whole[i] for i in range(4000) for n in (1, 3))
