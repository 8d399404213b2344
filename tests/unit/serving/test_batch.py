import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from remint import paths
from remint.data.raw import read_raw
from remint.errors import ConfigError, DataError
from remint.registry import predictor
from remint.registry.predictor import Predictor, load_predictor
from remint.serving.batch import predict_file
from tests.served import EXPERIMENTS


def load(experiment: str) -> Predictor:
    return load_predictor(Path("served", experiment))


def rows_of(experiment: str) -> pd.DataFrame:
    return read_raw(paths.raw(EXPERIMENTS[experiment])).rows


def write(rows: pd.DataFrame, path: Path) -> Path:
    if path.suffix == ".csv":
        rows.to_csv(path, index=False)
    elif path.suffix == ".parquet":
        rows.to_parquet(path, index=False)
    else:
        rows.to_json(path, orient="records", lines=True, double_precision=15)
    return path


def read(path: Path) -> pd.DataFrame:
    if path.suffix == ".csv":
        return pd.read_csv(path, float_precision="round_trip")
    return pd.read_parquet(path) if path.suffix == ".parquet" else pd.read_json(path, lines=True, precise_float=True)


def run(model: Predictor, inputs: Path, output: Path, on_error: str = "raise") -> pd.DataFrame:
    predict_file(model, inputs, output, on_error, lambda done, total: None)
    return read(output)


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
@pytest.mark.parametrize("experiment", ["people-mlp", "houses-linear", "notes-net", "tides-net"])
def test_a_file_gets_the_predictions_of_the_rows_in_it(
    project: Path, tmp_path: Path, experiment: str, suffix: str
) -> None:
    model, rows = load(experiment), rows_of(experiment)
    written = run(model, write(rows, tmp_path / f"in{suffix}"), tmp_path / f"out{suffix}")
    wanted = model.predict(rows)
    for name in wanted:
        assert list(written[name]) == [float(v) if isinstance(v, np.floating) else v for v in wanted[name]], name
    for key in model.schema.keys:
        assert list(written[key]) == list(rows.loc[wanted.index, key])


def test_json_lines_in_and_out(project: Path, tmp_path: Path) -> None:
    model, rows = load("people-mlp"), rows_of("people-mlp").drop(columns="height").assign(height=170.5)
    run(model, write(rows, tmp_path / "in.jsonl"), tmp_path / "out.jsonl")
    written = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text().splitlines()]
    assert written == model.predict(rows).to_dict("records")


def test_pieces_do_not_change_the_bits(project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = pd.concat([rows_of("people-mlp")] * 3, ignore_index=True)
    model = load("people-mlp")
    whole = model.predict(rows)
    monkeypatch.setattr(predictor, "ROWS", 256)
    for suffix in (".csv", ".parquet", ".jsonl"):
        written = run(model, write(rows, tmp_path / f"in{suffix}"), tmp_path / "out.parquet")
        exact = suffix != ".jsonl"  # whose writer here keeps 15 digits
        pd.testing.assert_frame_equal(written, whole, check_exact=exact, check_dtype=False)


def test_bad_rows_are_refused_by_row_and_column_or_skipped(project: Path, tmp_path: Path) -> None:
    model, rows = load("people-mlp"), rows_of("people-mlp").head(5).astype({"age": object})
    rows.loc[3, "age"] = "old"
    inputs = write(rows, tmp_path / "in.csv")
    with pytest.raises(DataError, match=r'in.csv: column "age", row 3, is "old"; allowed: a whole number'):
        run(model, inputs, tmp_path / "out.csv")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["in.csv"]
    written = run(model, inputs, tmp_path / "out.csv", "skip")
    assert list(written["prediction"].isna()) == [False, False, False, True, False]
    assert written["error"][3] == 'column "age", row 3, is "old"; allowed: a whole number'
    assert written["error"].notna().sum() == 1


def test_a_row_number_counts_from_the_files_begin(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(predictor, "ROWS", 256)
    rows = rows_of("people-mlp")
    rows.loc[290, "height"] = np.inf
    with pytest.raises(DataError, match=r'column "height", row 290, is inf; allowed: a finite number'):
        run(load("people-mlp"), write(rows, tmp_path / "in.csv"), tmp_path / "out.csv")


@pytest.mark.parametrize(
    ("file", "content", "message"),
    [
        ("in.csv", b"", "cannot be read"),
        ("in.csv", b"age,job\n1,2,3\n", "cannot be read"),
        ("in.csv", b"age,job\n1,\xff\n", 'column "children" is missing'),
        ("in.csv", b"age,job,size\n", 'column "size" is not known'),
        ("in.parquet", b"PAR1", "cannot be read"),
        ("in.jsonl", b'{"age": 1}\n{', "line 2: no JSON"),
        ("in.jsonl", b"[1]\n", r"line 1 holds \[1\]; allowed: an object"),
        ("in.jsonl", b'{"age": 1}\n', 'column "children" is missing'),
        ("in.txt", b"hello\n", "is no table"),
    ],
)
def test_a_file_that_does_not_fit_is_refused(
    project: Path, tmp_path: Path, file: str, content: bytes, message: str
) -> None:
    (tmp_path / file).write_bytes(content)
    with pytest.raises((DataError, ConfigError), match=message):
        run(load("people-mlp"), tmp_path / file, tmp_path / "out.csv")
    assert not (tmp_path / "out.csv").exists()


def test_an_output_of_another_kind_is_refused(project: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"allowed: .csv, .parquet, .jsonl"):
        run(load("people-mlp"), write(rows_of("people-mlp"), tmp_path / "in.csv"), tmp_path / "out.xlsx")


def test_a_folder_of_images_by_file_name(project: Path, tmp_path: Path) -> None:
    images = read_raw(paths.raw("digits")).images[:5]
    for i, image in enumerate(images):
        (tmp_path / "in" / str(i % 2)).mkdir(parents=True, exist_ok=True)
        Image.fromarray(image[:, :, 0]).save(tmp_path / "in" / str(i % 2) / f"{i}.png")
    model = load("digits-cnn")
    written = run(model, tmp_path / "in", tmp_path / "out.csv")
    assert list(written["file"]) == ["0/0.png", "0/2.png", "0/4.png", "1/1.png", "1/3.png"]
    wanted = model.predict(images[[0, 2, 4, 1, 3]])
    assert written["p_0"].tolist() == wanted["p_0"].tolist()
    Image.new("L", (7, 6)).save(tmp_path / "in" / "0" / "1.png")
    (tmp_path / "in" / "0" / "3.png").write_bytes(b"none")
    with pytest.raises(DataError, match=r"0/1.png is 6×7 pixels; allowed: 6×6"):
        run(model, tmp_path / "in", tmp_path / "out.csv")
    written = run(model, tmp_path / "in", tmp_path / "out.csv", "skip")
    assert list(written["p_0"].isna()) == [False, True, False, True, False, False, False]
    assert written["error"][3].endswith("3.png does not decode; allowed: PNG, JPEG, GIF, BMP, WEBP, TIFF, PPM")


def test_a_text_a_line_by_line_number(project: Path, tmp_path: Path) -> None:
    (tmp_path / "in.txt").write_text("sun and rain\n\n  \nfog\r\n")
    model = load("notes-net")
    written = run(model, tmp_path / "in.txt", tmp_path / "out.csv")
    assert list(written["line"]) == [1, 4]
    wanted = model.predict(pd.DataFrame({"text": ["sun and rain", "fog"]}))
    assert written["p_a"].tolist() == wanted["p_a"].tolist()


def test_a_table_without_rows_gives_one(project: Path, tmp_path: Path) -> None:
    for suffix in (".csv", ".parquet", ".jsonl"):
        inputs = write(rows_of("people-mlp").head(0), tmp_path / f"in{suffix}")
        run(load("people-mlp"), inputs, tmp_path / "out.parquet")
        assert list(read(tmp_path / "out.parquet")) == ["prediction", "p_no", "p_yes"]


def test_numbers_as_texts_are_the_numbers_they_were(project: Path, tmp_path: Path) -> None:
    rows = pd.concat([rows_of("houses-linear").head(4)] * 2, ignore_index=True).assign(
        age=[1e2, 1e0, 2e1, 33.0, 1, 2, 3, 4]
    )
    model = load("houses-linear")
    written = run(model, write(rows, tmp_path / "in.csv"), tmp_path / "out.csv")
    assert written["prediction"].tolist() == model.predict(rows)["prediction"].astype(float).tolist()
