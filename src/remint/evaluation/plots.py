"""Plots of a training and its evaluation, drawn from the files that the stages leave."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from remint.evaluation.figures.classes import confusion_matrix, roc_curves
from remint.evaluation.figures.curves import loss_curves
from remint.evaluation.figures.numbers import forecasts, horizon_errors, residuals
from remint.evaluation.figures.pictures import image_grid
from remint.evaluation.figures.style import prepare, save
from remint.evaluation.figures.words import attention_maps, generated_text, lengths, text_list
from remint.files import read_json, write_text

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_TABLES: dict[str, Callable[[pd.DataFrame], "Figure"]] = {
    "residuals": residuals,
    "horizon": horizon_errors,
    "lengths": lengths,
}
_OF_CLASSES: dict[str, Callable[[pd.DataFrame, Sequence[str]], "Figure"]] = {
    "confusion": confusion_matrix,
    "roc": roc_curves,
}


def draw_plots(history: Path, tables: Path, classes: Sequence[str], out: Path, samples: Path | None = None) -> None:
    """Draw `loss.png`, a picture of each table in the folder `tables`, and what the file `samples` holds.

    Tables: `confusion.png` and `roc.png`, `residuals.png`, `horizon.png`, `lengths.png`. Samples: `samples.png`,
    `attention.png`, `forecast.png`, `generated.txt`. `classes` tells their order; there are none of numbers.
    """
    prepare()
    out.mkdir(parents=True, exist_ok=True)
    save(loss_curves(pd.read_csv(history)), out / "loss.png")
    for name, figure in _of_tables(tables, classes):
        save(figure, out / f"{name}.png")
    if samples is not None:
        shown = read_json(samples)
        for name, figure in _of_samples(shown):
            save(figure, out / f"{name}.png")
        if shown.get("kind") == "generated" and "texts" in shown:
            write_text(out / "generated.txt", generated_text(shown))


def _of_tables(tables: Path, classes: Sequence[str]) -> Iterator[tuple[str, "Figure"]]:
    texts = {"actual": str, "predicted": str, "class": str}
    for name, draw_classes in _OF_CLASSES.items():
        if (tables / f"{name}.csv").exists():
            yield name, draw_classes(pd.read_csv(tables / f"{name}.csv", dtype=texts, na_filter=False), classes)
    for name, draw in _TABLES.items():
        if (tables / f"{name}.csv").exists():
            yield name, draw(pd.read_csv(tables / f"{name}.csv"))


def _of_samples(shown: dict[str, Any]) -> Iterator[tuple[str, "Figure"]]:
    if shown["kind"] == "images":
        yield "samples", image_grid(shown)
    if shown["kind"] in ("texts", "rows"):
        yield "samples", text_list(shown)
    if shown["kind"] == "forecasts":
        yield "forecast", forecasts(shown["windows"])
    if shown.get("attention"):
        yield "attention", attention_maps(shown["attention"])
