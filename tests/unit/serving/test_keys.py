"""Keys: what tells rows apart comes out as it went in, whatever the formats."""

import datetime
import decimal
import json
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from remint.errors import ConfigError, DataError, RemintError
from remint.registry import predictor
from remint.registry.predictor import Predictor, load_predictor
from remint.serving.batch import predict_file

BIG = 2**53 + 1


@pytest.fixture
def notes(project: Path) -> Predictor:
    return load_predictor(Path("served", "notes-net"))


def run(model: Predictor, inputs: Path, output: Path, on_error: str = "raise") -> list[Any]:
    """Give the ids written."""
    predict_file(model, inputs, output, on_error, lambda done, total: None)
    if output.suffix == ".jsonl":
        return [json.loads(line)["id"] for line in output.read_text().splitlines()]
    table = pq.read_table(output) if output.suffix == ".parquet" else None
    return table["id"].to_pylist() if table is not None else pd.read_csv(output, dtype=str)["id"].tolist()


def lines(path: Path, *records: dict[str, Any]) -> Path:
    path.write_text("".join(json.dumps(record) + "\n" for record in records))
    return path


def parquet(path: Path, ids: pa.Array) -> Path:
    pq.write_table(pa.table({"id": ids, "text": ["sun"] * len(ids)}), path)
    return path


def test_whole_numbers_stay_whole(notes: Predictor, tmp_path: Path) -> None:
    inputs = lines(tmp_path / "in.jsonl", *({"id": i, "text": "sun"} for i in (BIG, 5)), {"text": "rain"})
    assert run(notes, inputs, tmp_path / "out.jsonl") == [BIG, 5, None]
    assert run(notes, inputs, tmp_path / "out.parquet") == [BIG, 5, None]
    assert run(notes, inputs, tmp_path / "out.csv")[:2] == [str(BIG), "5"]
    inputs = parquet(tmp_path / "in.parquet", pa.array([BIG, None, 7]))
    assert run(notes, inputs, tmp_path / "out.jsonl") == [BIG, None, 7]
    assert run(notes, inputs, tmp_path / "out.parquet") == [BIG, None, 7]


@pytest.mark.parametrize("suffix", [".csv", ".parquet", ".jsonl"])
def test_a_key_that_only_some_pieces_have(
    notes: Predictor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, suffix: str
) -> None:
    monkeypatch.setattr(predictor, "ROWS", 256)
    without = [{"text": "sun"}] * 256
    numbered = [{"id": i, "text": "sun"} for i in range(256)]
    for records, row, wanted in ((numbered + without, 255, 255), (without + numbered, 256, 0)):
        ids = run(notes, lines(tmp_path / "in.jsonl", *records), tmp_path / f"out{suffix}")
        assert len(ids) == 512
        assert ids[row] == (str(wanted) if suffix == ".csv" else wanted)


@pytest.mark.parametrize(
    ("key", "suffix", "kind"),
    [
        (decimal.Decimal("1.50"), ".jsonl", "Decimal"),
        (b"\xff", ".jsonl", "bytes"),
        (b"\xff", ".csv", "binary"),
        ([1], ".csv", "list"),
        ({"a": 1}, ".csv", "struct"),
        (datetime.timedelta(1), ".csv", "duration"),
    ],
)
def test_a_key_that_the_output_cannot_hold_is_named(
    notes: Predictor, tmp_path: Path, key: Any, suffix: str, kind: str
) -> None:
    inputs = parquet(tmp_path / "in.parquet", pa.array([key, None]))
    with pytest.raises(DataError, match=rf'key column "id" holds \w*{kind}'):
        run(notes, inputs, tmp_path / f"out{suffix}")
    assert not (tmp_path / f"out{suffix}").exists()


def test_keys_of_several_types_are_told(notes: Predictor, tmp_path: Path) -> None:
    inputs = lines(tmp_path / "in.jsonl", {"id": 1, "text": "sun"}, {"id": "x", "text": "sun"})
    assert run(notes, inputs, tmp_path / "out.jsonl") == [1, "x"]
    for suffix in (".csv", ".parquet"):
        with pytest.raises(DataError, match='key column "id" holds values of several types'):
            run(notes, inputs, tmp_path / f"out{suffix}")


@pytest.mark.parametrize("link", [False, True])
def test_the_output_is_never_the_input(notes: Predictor, tmp_path: Path, link: bool) -> None:
    inputs = lines(tmp_path / "in.jsonl", {"id": 1, "text": "sun"})
    before, output = inputs.read_bytes(), tmp_path / ("out.jsonl" if link else "in.jsonl")
    if link:
        output.symlink_to("in.jsonl")
    with pytest.raises(ConfigError, match=r"is the input, too; allowed: another file"):
        run(notes, inputs, output)
    assert inputs.read_bytes() == before


def test_blank_lines_alone_give_no_rows(notes: Predictor, tmp_path: Path) -> None:
    (tmp_path / "in.txt").write_text("\n \n")
    predict_file(notes, tmp_path / "in.txt", tmp_path / "out.csv", "raise", lambda done, total: None)
    assert (tmp_path / "out.csv").read_text().splitlines() == ['"line","prediction","p_a","p_b"']


@pytest.mark.parametrize("place", ["a" * 250 + ".csv", "in.jsonl/out.csv", "more/folders/" + "a" * 300 + ".csv"])
def test_a_place_that_cannot_be_written_is_told(notes: Predictor, tmp_path: Path, place: str) -> None:
    inputs = lines(tmp_path / "in.jsonl", {"id": 1, "text": "sun"})
    with pytest.raises(
        RemintError, match=r"cannot be written: (File name too long|.*in.jsonl is a file; allowed: a folder)"
    ):
        run(notes, inputs, tmp_path / place)
    assert [p.name for p in tmp_path.iterdir()] == ["in.jsonl"]


def test_an_input_of_too_long_a_name_is_told(notes: Predictor, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="cannot be read: File name too long"):
        run(notes, tmp_path / ("a" * 300 + ".csv"), tmp_path / "out.csv")


def test_a_failure_leaves_no_new_folders(notes: Predictor, tmp_path: Path) -> None:
    inputs = lines(tmp_path / "in.jsonl", {"id": 1, "text": 3})
    (tmp_path / "there").mkdir()
    with pytest.raises(DataError, match="allowed: a text"):
        run(notes, inputs, tmp_path / "there" / "new" / "newer" / "out.csv")
    assert sorted(p.name for p in tmp_path.rglob("*")) == ["in.jsonl", "there"]
