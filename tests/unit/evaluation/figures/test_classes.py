import numpy as np
import pandas as pd
import pytest

from remint.evaluation.figures.classes import confusion_matrix, roc_curves


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
