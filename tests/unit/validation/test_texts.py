"""Texts: their length and unknown tokens are checked, Chinese ones by characters, and shown as they are."""

from typing import Any

import pandas as pd
import pytest

from remint.config.dataset import CleaningConfig, ColumnSplit, ExpectationsConfig, SchemaConfig
from remint.data.raw import RawData
from remint.files import json_text
from remint.validation.page import page
from remint.validation.report import Report
from remint.validation.run import validate
from remint.validation.texts import tokens_of
from tests.unit.validation.people import failed, first

REVIEWS = {"text": {"type": "text"}, "label": {"type": "category", "values": ["neg", "pos"]}}
LETTERS = "好差酒店服务书很不错的"


def reviews() -> pd.DataFrame:
    """Make 60 different Chinese reviews."""
    text = [LETTERS[i % 8] + LETTERS[i // 8] + "，房间好。" for i in range(60)]
    part = ["train", "train", "train", "val", "test"] * 12
    return pd.DataFrame({"text": text, "label": ["neg", "pos"] * 30, "part": part})


def look(rows: pd.DataFrame, target: str = "label", cleaning: dict[str, Any] | None = None, **expected: Any) -> Report:
    schema = SchemaConfig(
        target=target,
        columns=REVIEWS | ({} if target == "label" else {"label": {"type": "category", "role": "ignored"}}),
    )
    expectations = ExpectationsConfig.model_validate(expected)
    split, cleaned = ColumnSplit(kind="column", column="part"), CleaningConfig.model_validate(cleaning or {})
    return validate(RawData(rows), "text", schema, split, expectations, cleaned)


def test_sound_texts_pass_and_are_described() -> None:
    report = look(reviews(), texts={"min": 5, "max": 7, "unknown": 0.0})
    assert report.success
    assert report.texts is not None
    assert (report.texts.texts, report.texts.min, report.texts.max, report.texts.tokens) == (60, 7, 7, "characters")
    assert report.texts.unknown == {"val": 0, "test": 0}
    assert next(iter(report.texts.top)) == "好"
    longest = report.texts.examples[0]
    assert (longest.kind, longest.characters, longest.split) == ("longest", 7, "test")


def test_lengths_are_counted_without_white_space_at_the_ends() -> None:
    rows = reviews()
    rows.loc[3, "text"], rows.loc[9, "text"] = "  好 \n", "好" * 40
    found = failed(look(rows, texts={"min": 5, "max": 30}))
    outcome = found["every text has between 5 and 30 characters"]
    assert first(outcome) == [(3, {"characters": 1, "text": "  好 \n"}), (9, {"characters": 40, "text": "好" * 40})]
    assert look(rows, texts={"min": 5, "max": 30, "beyond": 0.04}).success


def test_unknown_tokens_of_val_and_test() -> None:
    rows = reviews()
    rows.loc[4, "text"] = "鑫淼焱垚犇"
    report = look(rows, texts={"unknown": 0.01})
    outcome = failed(report)["at most 1 % of test tokens are unseen in train"]
    share = 5 / sum(len(text) for text in rows["text"][rows["part"] == "test"])
    assert first(outcome) == [(None, pytest.approx(share))]
    assert report.texts is not None
    assert report.texts.unknown == {"val": 0, "test": pytest.approx(share)}


def test_texts_with_spaces_are_counted_by_words() -> None:
    split = pd.Series(["train", "train", "val", "test"]).to_numpy()
    english = tokens_of(pd.Series(["a good film", "bad, very bad", "a bad film", "good gracious, film"]), split)
    assert english.words
    assert english.counts["train"] == {"a": 1, "good": 1, "film": 1, "bad": 2, ",": 1, "very": 1}
    assert english.unknown() == {"val": 0, "test": 0.25}
    chinese = tokens_of(pd.Series(["好书", "服务很好，差评 没有。非常满意！一定会再来的。", "好评", "酒馆"]), split)
    assert not chinese.words
    assert chinese.unknown() == {"val": 0, "test": 1}
    assert " " not in chinese.counts["train"]


def test_message_report_and_page_show_characters_as_they_are() -> None:
    rows = reviews()
    rows.loc[3, "text"], rows.loc[9, "label"] = "<b>好评</b>如潮" * 9, "中"
    report = look(rows, texts={"max": 30})
    message = report.message("zh", "p")
    assert 'row 3: characters 99, text "<b>好评</b>如潮' in message
    assert 'row 9: "中"' in message
    assert '"<b>好评</b>如潮' in json_text(report.content("zh"))
    html = page("zh", report)
    assert "&lt;b&gt;好评&lt;/b&gt;如潮" in html
    assert "\\u" not in message + html
    assert '"PingFang SC"' in html
    assert "http" not in html


def test_language_modelling_needs_no_label() -> None:
    report = look(reviews(), target="text", texts={"unknown": 0.5})
    assert report.success
    assert report.splits["train"].classes is None
    assert report.texts is not None
    assert {example.target for example in report.texts.examples} == {""}
    assert "text has at least 2 texts" in {outcome.expectation.sentence for outcome in report.outcomes}
    assert "Target of each split" not in page("zh", report)


def test_duplicates_and_overlap_are_looked_for_in_what_cleaning_keeps() -> None:
    rows = reviews()
    rows.loc[4, ["text", "label"]] = [" " + rows.loc[0, "text"], "neg"]  # test, as in train
    rows.loc[8, ["text", "label"]] = [rows.loc[1, "text"], "neg"]  # val, contradicts train
    found = failed(look(rows))
    assert first(found["no test row stands in train, too"]) == [(4, {"same as train row": 0})]
    report = look(rows, cleaning={"duplicates": "drop", "contradictions": "drop"})
    assert report.success
    assert report.cleaning is not None
    assert (report.cleaning.rows, report.cleaning.kept) == (60, 57)
    assert [(step.sentence, step.count) for step in report.cleaning.steps] == [
        ("rows alike in text that differ in label are left out", 2),
        ("of rows alike in text and label only the first is kept", 1),
    ]
    assert {name: split.rows for name, split in report.splits.items()} == {"train": 35, "val": 11, "test": 11}
    assert "57 of 60 rows are kept" in page("zh", report)


def test_missing_column_of_texts() -> None:
    report = look(reviews().drop(columns="text"), cleaning={"duplicates": "drop"}, texts={"unknown": 0.1})
    assert "column text exists" in failed(report)
    assert report.texts is None
    assert report.cleaning is None
    assert {outcome.reason for outcome in report.unchecked} == {"column text is missing"}
    page("zh", report)
