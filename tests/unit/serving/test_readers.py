"""Files that are odd, and none the less right; and those that are wrong."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from remint import paths
from remint.data.raw import read_raw
from remint.errors import DataError
from remint.registry.predictor import Predictor, load_predictor
from remint.serving import pieces
from remint.serving.batch import predict_file
from remint.serving.protocol import parse
from remint.serving.readers import open_source
from remint.serving.tables import records_to_columns

HEAD = "age,children,height,job,member"


@pytest.fixture
def people(project: Path) -> Predictor:
    return load_predictor(Path("served", "people-mlp"))


def rows(model: Predictor, path: Path) -> pd.DataFrame:
    return pd.concat([piece.inputs for piece in open_source(path, model.schema, model.rows).pieces])


def test_records_cost_what_they_hold(people: Predictor) -> None:
    with pytest.raises(DataError, match=r'column "0" is not known; allowed: age'):
        records_to_columns([{str(i): 0} for i in range(10**5)], people.schema)
    some = {"age": 1, "children": 1, "height": 1.0, "job": "cook"}
    columns = records_to_columns([some, {"member": True}], people.schema)
    assert columns["job"] == ["cook", None]
    with pytest.raises(DataError, match=r'column "member" is missing; found: age'):
        records_to_columns([some], people.schema)


def test_a_long_name_is_cut_where_it_is_told(people: Predictor) -> None:
    with pytest.raises(DataError, match="is not known") as told:
        records_to_columns([{"a" * 60_000: 0}], people.schema)
    assert len(str(told.value)) < 300


@pytest.mark.parametrize("end", ["", "\n", "\r\n"])
def test_a_header_alone_is_a_table_without_rows(people: Predictor, tmp_path: Path, end: str) -> None:
    (tmp_path / "in.csv").write_bytes((HEAD + end).encode())
    assert rows(people, tmp_path / "in.csv").shape == (0, 5)
    question = parse((HEAD + end).encode(), "text/csv", people.schema)
    assert question.table(people.schema).shape == (0, 5)


def test_long_fields_are_read_and_longer_ones_told(
    people: Predictor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = f"{HEAD}\n30,1,170,{'x' * 3_000_000},True\n31,1,170,cook,True\n"
    (tmp_path / "in.csv").write_text(text)
    assert rows(people, tmp_path / "in.csv")["age"].tolist() == [30, 31]
    assert len(parse(text.encode(), "text/csv", people.schema).table(people.schema)) == 2
    monkeypatch.setattr(pieces, "BLOCK", 1 << 20)
    with pytest.raises(DataError, match=r"in.csv cannot be read: a row is longer than 1 MB"):
        rows(people, tmp_path / "in.csv")


def test_the_index_of_pandas_is_no_column(people: Predictor, tmp_path: Path) -> None:
    raw = read_raw(paths.raw("people")).rows
    path = tmp_path / "in.parquet"
    raw[raw.age > 40].to_parquet(path)
    assert rows(people, path)["age"].min() > 40
    raw.set_index(pd.Index(range(len(raw)), name="number")).to_parquet(path)
    assert len(rows(people, path)) == len(raw)
    raw.set_index("age").to_parquet(path)
    assert rows(people, path)["age"].tolist() == raw["age"].tolist()
    raw.assign(number=1).to_parquet(path)
    with pytest.raises(DataError, match='column "number" is not known'):
        rows(people, path)


def test_what_is_named_as_an_image_and_is_none(project: Path, tmp_path: Path) -> None:
    (tmp_path / "in" / "b.png").mkdir(parents=True)
    Image.fromarray(np.zeros((6, 6), dtype=np.uint8)).save(tmp_path / "in" / "a.png")
    (tmp_path / "in" / "c.png").symlink_to("nowhere.png")
    model, out = load_predictor(Path("served", "digits-cnn")), tmp_path / "out.jsonl"
    predict_file(model, tmp_path / "in", out, "skip", lambda done, total: None)
    told = [json.loads(line)["error"] for line in out.read_text().splitlines()]
    assert told == [
        None,
        f"{tmp_path}/in/b.png cannot be read: Is a directory",
        f"{tmp_path}/in/c.png cannot be read: No such file or directory",
    ]


def test_an_empty_text_is_missing_in_every_format(people: Predictor, tmp_path: Path) -> None:
    good = {"age": 30, "children": 1, "height": 170.0, "job": "cook", "member": True}
    for name in good:
        record = good | {name: ""}
        (tmp_path / "in.jsonl").write_text(json.dumps(record))
        (tmp_path / "in.csv").write_text(f"{HEAD}\n{','.join(map(str, record.values()))}\n")
        asked = parse(json.dumps({"instances": [record]}).encode(), "application/json", people.schema)
        tables = [rows(people, tmp_path / "in.jsonl"), rows(people, tmp_path / "in.csv"), asked.table(people.schema)]
        told = [people.predict(table, "skip").to_dict("records") for table in tables]
        assert str(told[0]) == str(told[1]) == str(told[2])
        missing = f'column "{name}", row 0, is missing; allowed: a value in every row'
        assert told[0][0]["error"] == (None if name == "children" else missing)
