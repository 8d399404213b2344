import numpy as np
import pandas as pd

from remint.evaluation.figures.words import attention_maps, generated_text, lengths, text_list


def _texts(axis) -> list[str]:
    return [text.get_text() for text in axis.texts]


def test_texts_with_what_they_are_taken_for() -> None:
    sample = {"row": 1, "target": "负面", "prediction": "正面", "probability": 0.75, "text": "不好 $x$"}
    figure = text_list({"mistakes": [sample], "examples": [{**sample, "target": "正面"}]})
    figure.canvas.draw()
    left, right = figure.axes
    assert left.get_title(loc="left") == "most confident mistakes"
    assert _texts(left) == ["正面 0.75, is 负面   (row 1)", "不好 $x$"]
    assert _texts(right)[0] == "正面 0.75   (row 1)"


def test_raw_rows_with_their_errors() -> None:
    sample = {"row": 1, "target": 2.5, "prediction": 3.0, "columns": {"carat": 1.5, "cut": "Good", "note": None}}
    left, right = text_list({"mistakes": [sample], "examples": []}).axes
    assert left.get_title(loc="left") == "largest errors"
    assert _texts(left) == ["3, is 2.5   (row 1)", "carat=1.5, cut=Good, note=None"]
    assert _texts(right) == ["none", ""]


def test_attention_has_a_row_and_a_column_a_token() -> None:
    texts = [{"row": 4, "tokens": ["[BEGIN]", "好", " ", "\n"], "mean": np.full((4, 4), 0.25).tolist()}] * 2
    figure = attention_maps(texts)
    figure.canvas.draw()
    axis = figure.axes[0]
    assert [label.get_text() for label in axis.get_yticklabels()] == ["[BEGIN]", "好", "␣", "⏎"]
    assert [label.get_rotation() for label in axis.get_xticklabels()] == [90, 0, 0, 0]


def test_bits_are_drawn_over_lengths() -> None:
    groups = pd.DataFrame({"characters": [10.0, 100.0], "texts": [3, 3], "bits_per_character": [3.0, 2.0]})
    assert list(lengths(groups).axes[0].lines[0].get_ydata()) == [3, 2]


def test_generated_text_marks_where_the_model_begins() -> None:
    texts = [
        {"row": 1, "prompt": "It is", "continuation": " a truth", "ended": False},
        {"row": 2, "prompt": "春", "continuation": "眠", "ended": True},
    ]
    text = generated_text({"temperature": 0.8, "texts": texts})
    assert "row 1\nIt is» a truth …\n" in text
    assert "row 2\n春»眠 ∎\n" in text
