import numpy as np
import pandas as pd

from remint.evaluation.tables import ROC_POINTS, curve_tables, prediction_table, roc_table
from tests.prepared import CLASSES, DIGITS, NUMBER

PROBABILITIES = np.array([[0.9, 0.1], [0.2, 0.8], [0.4, 0.6]])


def test_predictions_of_classes_are_named():
    found = prediction_table(np.array([5, 8, 9]), np.array([0, 1, 0]), {"probabilities": PROBABILITIES}, CLASSES)
    assert list(found) == ["row", "target", "prediction", "p_no", "p_yes"]
    assert found["row"].tolist() == [5, 8, 9]
    assert found["target"].tolist() == ["no", "yes", "no"]
    assert found["prediction"].tolist() == ["no", "yes", "yes"]
    assert found["p_yes"].tolist() == [0.1, 0.8, 0.6]


def test_predictions_of_numbers():
    found = prediction_table(np.array([5]), np.array([1.5]), {"value": np.array([2.0])}, NUMBER)
    assert found.to_dict("records") == [{"row": 5, "target": 1.5, "prediction": 2.0}]


def test_curves_of_classes():
    found = curve_tables(np.array([0, 1, 0]), {"probabilities": PROBABILITIES}, CLASSES)
    assert list(found) == ["confusion", "roc"]
    assert found["confusion"].to_dict("list") == {"actual": ["no", "yes", "no"], "predicted": ["no", "yes", "yes"]}
    assert set(found["roc"]["class"]) == {"yes"}
    assert list(found["roc"]) == ["fpr", "tpr", "class"]


def test_curves_of_numbers():
    found = curve_tables(np.array([1.0]), {"value": np.array([2.0])}, NUMBER)
    pd.testing.assert_frame_equal(found["residuals"], pd.DataFrame({"actual": [1.0], "predicted": [2.0]}))


def test_a_long_curve_is_thinned_and_keeps_its_ends():
    random = np.random.default_rng(0)
    target, p = random.integers(0, 3, 5000), random.dirichlet(np.ones(3), 5000)
    found = roc_table(target, p, DIGITS.classes)
    assert set(found["class"]) == {"0", "1", "2"}
    for _, curve in found.groupby("class"):
        assert len(curve) <= ROC_POINTS
        assert curve[["fpr", "tpr"]].iloc[0].tolist() == [0.0, 0.0]
        assert curve[["fpr", "tpr"]].iloc[-1].tolist() == [1.0, 1.0]
        assert curve["fpr"].is_monotonic_increasing


def test_a_split_of_one_class_has_an_empty_curve():
    found = roc_table(np.array([1, 1]), PROBABILITIES[:2], CLASSES.classes)
    assert found.empty
    assert list(found) == ["fpr", "tpr", "class"]
