"""Plots of a training and its evaluation, drawn from the files that the stages leave."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from remint.evaluation.figures.attributions import feature_importance, heat_maps, series_attributions, token_highlights
from remint.evaluation.figures.calibration import reliability
from remint.evaluation.figures.classes import confusion_matrix, roc_curves
from remint.evaluation.figures.curves import loss_curves
from remint.evaluation.figures.fairness import fairness_gaps
from remint.evaluation.figures.numbers import forecasts, horizon_errors, residuals
from remint.evaluation.figures.pictures import image_grid
from remint.evaluation.figures.robustness import robustness_curves
from remint.evaluation.figures.slices import slice_intervals
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
_ATTRIBUTIONS: dict[str, Callable[[dict[str, Any]], "Figure | None"]] = {
    "features": feature_importance,
    "images": heat_maps,
    "tokens": token_highlights,
    "steps": series_attributions,
}
_OF_CLASSES: dict[str, Callable[[pd.DataFrame, Sequence[str]], "Figure"]] = {
    "confusion": confusion_matrix,
    "roc": roc_curves,
}


def draw_plots(history: Path, report: Path, classes: Sequence[str], metric: str, out: Path) -> None:
    """Draw a training's losses, and what the folder `report` holds of its evaluation, into the folder `out`.

    Tables: `confusion.png` and `roc.png`, `residuals.png`, `horizon.png`, `lengths.png`. Samples: `samples.png`,
    `attention.png`, `forecast.png`, `generated.txt`. Findings: `slices.png`, `calibration.png`, `fairness.png`,
    `robustness.png`, `attributions.png`; slices and robustness are of `metric`. `classes` tells their order; there are
    none of numbers.
    """
    prepare()
    out.mkdir(parents=True, exist_ok=True)
    save(loss_curves(pd.read_csv(history)), out / "loss.png")
    for name, figure in _of_tables(report / "plots", classes):
        save(figure, out / f"{name}.png")
    if (report / "samples.json").is_file():
        shown = read_json(report / "samples.json")
        for name, figure in _of_samples(shown):
            save(figure, out / f"{name}.png")
        if shown.get("kind") == "generated" and "texts" in shown:
            write_text(out / "generated.txt", generated_text(shown))
    for name, figure in _of_findings(report / "findings", metric):
        save(figure, out / f"{name}.png")


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


def _of_findings(folder: Path, metric: str) -> Iterator[tuple[str, "Figure"]]:
    found = {file.stem: read_json(file) for file in sorted(folder.glob("*.json"))}
    if "attributions" in found and (attributed := _ATTRIBUTIONS[found["attributions"]["kind"]](found["attributions"])):
        yield "attributions", attributed
    if "calibration" in found:
        yield "calibration", reliability(found["calibration"])
    if "fairness" in found:
        yield "fairness", fairness_gaps(found["fairness"])
    if "robustness" in found:
        yield "robustness", robustness_curves(found["robustness"], metric)
    if found.get("slices", {}).get("slices"):
        yield "slices", slice_intervals(found["slices"], metric)
