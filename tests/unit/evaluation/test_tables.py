import numpy as np
import pandas as pd

from remint.evaluation.tables import RESIDUALS, ROC_POINTS, curve_tables, evenly, prediction_table, roc_table
from tests.prepared import CLASSES, DIGITS, NUMBER, NUMBERS, TOKENS

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


def test_predictions_of_steps():
    values = {"values": np.array([[4.0, 5.0, 6.0]])}
    found = prediction_table(np.array([5]), np.array([[1.0, 2.0, 3.0]]), values, NUMBERS)
    steps = {"target_1": 1.0, "target_2": 2.0, "target_3": 3.0}
    assert found.to_dict("records") == [
        {"row": 5, **steps, "prediction_1": 4.0, "prediction_2": 5.0, "prediction_3": 6.0}
    ]


def test_predictions_of_texts():
    predicted = {"nats": np.array([8 * np.log(2)]), "tokens": np.array([3.0])}
    found = prediction_table(np.array([5]), np.array([4]), predicted, TOKENS)
    assert found.to_dict("records") == [{"row": 5, "characters": 4, "tokens": 3, "bits_per_character": 2.0}]
    del predicted["tokens"]
    assert list(prediction_table(np.array([5]), np.array([4]), predicted, TOKENS)) == [
        *("row", "characters", "bits_per_character")
    ]


def test_curves_of_steps():
    target, values, naive = np.zeros((2, 3)), np.array([[1.0, 2.0, 0.0], [1.0, 0.0, 0.0]]), np.full((2, 3), 3.0)
    found = curve_tables(target, {"values": values}, NUMBERS, naive)
    assert found["horizon"].to_dict("list") == {
        "ahead": [1, 2, 3],
        "mae": [1.0, 1.0, 0.0],
        "rmse_naive": [3.0, 3.0, 3.0],
        "rmse": [1.0, 2**0.5, 0.0],
    }
    assert len(found["residuals"]) == 6
    assert list(curve_tables(target, {"values": values}, NUMBERS)["horizon"]) == ["ahead", "mae", "rmse"]


def test_residuals_of_many_steps_are_thinned():
    target = np.arange(30_000.0).reshape(10_000, 3)
    found = curve_tables(target, {"values": target}, NUMBERS)["residuals"]
    assert len(found) == RESIDUALS
    assert found["actual"].iloc[[0, -1]].tolist() == [0, 29_999]


def test_texts_of_like_length_stand_together():
    characters = np.array([30, 10, 20, 40] * 9)
    found = curve_tables(characters, {"nats": characters * np.log(2) * 3}, TOKENS)["lengths"]
    assert found["characters"].tolist() == [10.0] * 3 + [20.0] * 3 + [30.0] * 3 + [40.0] * 3
    assert found["texts"].sum() == 36
    np.testing.assert_allclose(found["bits_per_character"], 3)


def test_rows_chosen_evenly_hold_both_ends():
    assert evenly(3, 12).tolist() == [0, 1, 2]
    assert evenly(101, 3).tolist() == [0, 50, 100]


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
