from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from remint.evaluation.plots import confusion_matrix, draw_plots, loss_curves, residuals, roc_curves

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
    tables, out = tmp_path / "tables", tmp_path / "out"
    tables.mkdir()
    HISTORY.to_csv(tmp_path / "history.csv", index=False)
    (tables / "confusion.csv").write_text("actual,predicted\nNA,NA\nNA,1\n1,1\n")
    (tables / "roc.csv").write_text("fpr,tpr,class\n0,0,1\n0,1,1\n1,1,1\n")
    draw_plots(tmp_path / "history.csv", tables, ("NA", "1"), out)
    assert sorted(path.name for path in out.iterdir()) == ["confusion.png", "loss.png", "roc.png"]
    for path in out.iterdir():
        with Image.open(path) as image:
            assert min(image.size) > 400
            assert image.convert("L").getextrema() != (255, 255)


def test_regression_has_residuals(tmp_path: Path) -> None:
    HISTORY.to_csv(tmp_path / "history.csv", index=False)
    (tmp_path / "residuals.csv").write_text("actual,predicted\n1.5,1.25\n2.5,3\n")
    draw_plots(tmp_path / "history.csv", tmp_path, (), tmp_path / "out")
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["loss.png", "residuals.png"]


def test_loss_curves_show_train_validation_and_each_metric() -> None:
    loss, accuracy = loss_curves(HISTORY).axes
    assert [line.get_label() for line in loss.lines] == ["train", "validation"]
    assert accuracy.get_ylabel() == "validation accuracy"
    assert list(accuracy.lines[0].get_ydata()) == [0.5, 0.6, 0.7]


def test_confusion_matrix_keeps_the_order_of_classes_and_counts_all() -> None:
    pairs = pd.DataFrame({"actual": ["b", "b", "a"], "predicted": ["a", "b", "a"]})
    axis = confusion_matrix(pairs, ("b", "a", "c")).axes[0]
    assert [label.get_text() for label in axis.get_yticklabels()] == ["b", "a", "c"]
    counts = {text.get_position(): text.get_text() for text in axis.texts}
    assert counts == {(0, 0): "1", (1, 0): "1", (1, 1): "1"}
    assert axis.get_title() == "3 test rows, 2 right"


@pytest.mark.parametrize("classes", [2, 10, 40])
def test_any_number_of_classes_can_be_drawn(classes: int) -> None:
    names = tuple(f"a class with a rather long name {i}" for i in range(classes))
    actual = np.arange(200) % classes
    predicted = (actual + actual // 7) % classes
    pairs = pd.DataFrame({"actual": np.array(names)[actual], "predicted": np.array(names)[predicted]})
    points = pd.DataFrame({"fpr": [0, 0, 1] * classes, "tpr": [0, 1, 1] * classes, "class": np.repeat(names, 3)})
    confusion_matrix(pairs, names).canvas.draw()
    axis = roc_curves(points, names).axes[0]
    assert len(axis.lines) == 1 + classes
    assert (axis.get_legend() is None) == (classes > 10)


def test_a_single_class_has_no_curve() -> None:
    empty = pd.DataFrame({"fpr": [], "tpr": [], "class": []})
    assert len(roc_curves(empty, ("a", "b")).axes[0].lines) == 1


def test_many_residuals_are_thinned_out_in_the_scatter_alone() -> None:
    actual = np.linspace(0, 1, 20000)
    scatter, histogram = residuals(pd.DataFrame({"actual": actual, "predicted": actual**2})).axes
    assert len(scatter.collections[0].get_offsets()) == 5000
    assert sum(patch.get_height() for patch in histogram.patches) == 20000


@pytest.mark.parametrize("error", [0.0, 0.1])
def test_errors_that_are_all_alike_can_be_drawn(error: float) -> None:
    actual = np.linspace(0, 1, 100)
    figure = residuals(pd.DataFrame({"actual": actual, "predicted": actual + error}))
    figure.canvas.draw()
    assert sum(patch.get_height() for patch in figure.axes[1].patches) == 100
