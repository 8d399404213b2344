import json
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from remint.evaluation.pixels import image
from remint.evaluation.plots import draw_plots

HISTORY = pd.DataFrame(
    {
        "epoch": [1, 2, 3],
        "train_loss": [3.0, 2.0, 1.0],
        "val_loss": [3.0, 2.0, 2.0],
        "val_accuracy": [0.5, 0.6, 0.7],
        "lr": 0.1,
    }
)


def test_files_become_pictures(tmp_path: Path) -> None:
    tables, out = tmp_path / "plots", tmp_path / "out"
    tables.mkdir()
    HISTORY.to_csv(tmp_path / "history.csv", index=False)
    (tables / "confusion.csv").write_text("actual,predicted\nNA,NA\nNA,1\n1,1\n")
    (tables / "roc.csv").write_text("fpr,tpr,class\n0,0,1\n0,1,1\n1,1,1\n")
    draw_plots(tmp_path / "history.csv", tmp_path, ("NA", "1"), "accuracy", out)
    assert sorted(path.name for path in out.iterdir()) == ["confusion.png", "loss.png", "roc.png"]
    for path in out.iterdir():
        with Image.open(path) as image:
            assert min(image.size) > 400
            assert image.convert("L").getextrema() != (255, 255)


def test_regression_has_residuals(tmp_path: Path) -> None:
    HISTORY.to_csv(tmp_path / "history.csv", index=False)
    (tmp_path / "plots").mkdir()
    (tmp_path / "plots" / "residuals.csv").write_text("actual,predicted\n1.5,1.25\n2.5,3\n")
    draw_plots(tmp_path / "history.csv", tmp_path, (), "rmse", tmp_path / "out")
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["loss.png", "residuals.png"]


def test_forecasts_and_texts_have_their_pictures(tmp_path: Path) -> None:
    HISTORY.to_csv(tmp_path / "history.csv", index=False)
    (tmp_path / "plots").mkdir()
    (tmp_path / "plots" / "horizon.csv").write_text("ahead,mae,rmse\n1,1,2\n2,2,3\n")
    (tmp_path / "plots" / "lengths.csv").write_text("characters,texts,bits_per_character\n10,2,3\n20,2,2.5\n")
    draw_plots(tmp_path / "history.csv", tmp_path, (), "rmse", tmp_path / "out")
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["horizon.png", "lengths.png", "loss.png"]


_SAMPLE = {"row": 1, "target": "坏", "prediction": "好", "probability": 0.75}
_ATTENTION = [{"row": 1, "tokens": ["好", "书"], "mean": [[0.5, 0.5], [0.9, 0.1]], "heads": []}]
_WINDOW = {"row": 1, "history": [1.0, 2.0], "actual": [3.0], "forecast": [2.5], "seasonal_naive": [2.0]}
_WRITTEN = {"row": 1, "prompt": "春", "continuation": "眠", "ended": True}


@pytest.mark.parametrize(
    ("shown", "files"),
    [
        (
            {
                "kind": "images",
                "mistakes": [],
                "examples": [{**_SAMPLE, "image": image(np.zeros((1, 4, 4), np.uint8))}],
            },
            ["samples.png"],
        ),
        (
            {"kind": "texts", "mistakes": [{**_SAMPLE, "text": "好"}], "examples": [], "attention": _ATTENTION},
            ["attention.png", "samples.png"],
        ),
        ({"kind": "rows", "mistakes": [{**_SAMPLE, "columns": {"a": 1}}], "examples": []}, ["samples.png"]),
        ({"kind": "forecasts", "windows": [_WINDOW]}, ["forecast.png"]),
        ({"kind": "generated", "temperature": 0.8, "texts": [_WRITTEN]}, ["generated.txt"]),
        ({"kind": "generated"}, []),
    ],
)
def test_samples_become_files_and_the_same_bytes_each_time(tmp_path: Path, shown: dict, files: list[str]) -> None:
    HISTORY.to_csv(tmp_path / "history.csv", index=False)
    (tmp_path / "samples.json").write_text(json.dumps(shown))
    for out in ("a", "b"):
        draw_plots(tmp_path / "history.csv", tmp_path, (), "accuracy", tmp_path / out)
    assert sorted(path.name for path in (tmp_path / "a").iterdir()) == sorted(["loss.png", *files])
    for path in (tmp_path / "a").iterdir():
        assert path.read_bytes() == (tmp_path / "b" / path.name).read_bytes()


def test_every_chinese_character_has_a_glyph(tmp_path: Path) -> None:
    HISTORY.to_csv(tmp_path / "history.csv", index=False)
    (tmp_path / "samples.json").write_text(
        json.dumps(
            {"kind": "texts", "mistakes": [{**_SAMPLE, "text": "嫦娥應悔偷靈藥，碧海青天夜夜心。"}], "examples": []}
        )
    )
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # matplotlib warns of a missing glyph
        draw_plots(tmp_path / "history.csv", tmp_path, (), "accuracy", tmp_path / "out")
