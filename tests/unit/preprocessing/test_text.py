import json

import numpy as np
import pandas as pd
import pytest

from remint.config.dataset import SchemaConfig
from remint.config.preprocessing import TextPreprocessing
from remint.config.specs import TokensSpec
from remint.data.raw import RawData
from remint.errors import DataError
from remint.preprocessing.base import load_preprocessor
from remint.preprocessing.text import TextPreprocessor, fit

ENGLISH = ["the cat sat", "the dog sat down", "a bird, a bird!"]
CHINESE = ["房间很好", "服务不好,房间小", "很好很好"]
LABELLED = SchemaConfig.model_validate(
    {"target": "label", "columns": {"text": {"type": "text"}, "label": {"type": "category"}}}
)
LANGUAGE = SchemaConfig.model_validate({"target": "text", "columns": {"text": {"type": "text"}}})


def _fit(texts: list[str], schema: SchemaConfig = LABELLED, train: int | None = None, **options) -> TextPreprocessor:
    rows = pd.DataFrame({"text": texts, "label": "x"})
    mask = np.arange(len(texts)) < (len(texts) if train is None else train)
    return fit(RawData(rows), mask, schema, TextPreprocessing.model_validate(options))


def _ids(preprocessor: TextPreprocessor, *texts: str) -> list[list[int]]:
    arrays = preprocessor.transform(pd.DataFrame({"text": list(texts)}))
    return [part.tolist() for part in np.split(arrays["tokens"], arrays["offsets"][1:-1])]


def test_words_get_ids_by_frequency_between_begin_and_end():
    preprocessor = _fit(ENGLISH)
    assert preprocessor.spec.vocabulary == 4 + 9
    assert _ids(preprocessor, "a the zebra") == [[2, 4, 7, 1, 3]]
    assert preprocessor.tokens_of("the zebra") == ["[BEGIN]", "the", "[UNK]", "[END]"]


def test_only_train_decides_what_is_known():
    assert _ids(_fit(ENGLISH, train=1), "the dog") == [[2, 6, 1, 3]]


def test_rare_words_are_unknown_and_a_small_vocabulary_keeps_the_frequent_ones():
    preprocessor = _fit(ENGLISH, min_frequency=2)
    assert set(preprocessor.tokenizer.get_vocab()) == {"[PAD]", "[UNK]", "[BEGIN]", "[END]", "a", "bird", "sat", "the"}
    assert _fit(ENGLISH, vocabulary=5).spec.vocabulary == 5


def test_characters_of_chinese():
    preprocessor = _fit(CHINESE, tokenizer="characters")
    assert preprocessor.tokens_of("好房间") == ["[BEGIN]", "好", "房", "间", "[END]"]
    ids = _ids(preprocessor, "很好猫")[0]
    assert ids[0] == 2
    assert ids[-2:] == [1, 3]
    assert preprocessor.decode(ids) == "很好"


def test_characters_keep_blanks_and_line_breaks():
    preprocessor = _fit(["a b\nc"], tokenizer="characters")
    assert preprocessor.decode(_ids(preprocessor, "c b\na")[0]) == "c b\na"


@pytest.mark.parametrize("texts", [ENGLISH, CHINESE])
def test_subwords_know_every_text(texts: list[str]):
    preprocessor = _fit(texts, tokenizer="subwords", vocabulary=300)
    text = "quite unseen — 完全没见过 🙂"
    ids = _ids(preprocessor, text)[0]
    assert 1 not in ids
    assert preprocessor.decode(ids) == text


def test_lower_case_on_demand():
    assert _ids(_fit(["The THE the"], lowercase=True), "tHe") == [[2, 4, 3]]


def test_long_texts_are_cut_and_keep_their_end():
    preprocessor = _fit(ENGLISH, length=4)
    assert [len(ids) for ids in _ids(preprocessor, "a a a a a a", "a")] == [4, 3]
    assert _ids(preprocessor, "a a a a a a")[0][-1] == 3


def test_a_language_model_takes_whole_texts_and_no_target():
    preprocessor = _fit(ENGLISH, LANGUAGE, tokenizer="characters", length=4)
    raw = RawData(pd.DataFrame({"text": ENGLISH}))
    outputs = preprocessor.outputs(raw, np.ones(3, bool), LANGUAGE)
    assert outputs == TokensSpec(vocabulary=preprocessor.spec.vocabulary)
    arrays = preprocessor.arrays(raw, np.array([1]), LANGUAGE, outputs)
    assert set(arrays) == {"tokens", "offsets", "characters"}
    assert np.diff(arrays["offsets"]).tolist() == [len("the dog sat down") + 2]
    assert arrays["characters"].tolist() == [len("the dog sat down") + 1]


@pytest.mark.parametrize("tokenizer", ["words", "characters", "subwords"])
def test_state_is_json_that_gives_the_same_ids(tokenizer: str):
    fitted = _fit(ENGLISH + CHINESE, tokenizer=tokenizer)
    loaded = load_preprocessor(json.loads(json.dumps(fitted.state())))
    texts = [*ENGLISH, "新的 new words"]
    assert _ids(fitted, *texts) == _ids(loaded, *texts)


@pytest.mark.parametrize("tokenizer", ["words", "characters", "subwords"])
def test_fitted_twice_it_is_the_same(tokenizer: str):
    texts = [f"{a} {b}" for a in ENGLISH for b in CHINESE]
    states = [json.dumps(_fit(texts, tokenizer=tokenizer).state()) for _ in range(2)]
    assert states[0] == states[1]


def test_no_text_and_no_column_are_told():
    preprocessor = _fit(ENGLISH)
    with pytest.raises(DataError, match='column "text", row 1, is None; allowed: a text'):
        preprocessor.transform(pd.DataFrame({"text": ["a", None]}, dtype=object))
    with pytest.raises(DataError, match='column "text" is missing; found: label'):
        preprocessor.transform(pd.DataFrame({"label": ["a"]}))


def test_a_second_feature_is_told():
    schema = SchemaConfig.model_validate(
        {
            "target": "label",
            "columns": {"text": {"type": "text"}, "n": {"type": "integer"}, "label": {"type": "category"}},
        }
    )
    with pytest.raises(DataError, match=r"features: text \(text\), n \(integer\); allowed: one feature"):
        _fit(ENGLISH, schema)


def test_a_pretrained_tokenizer_must_be_declared():
    with pytest.raises(DataError, match="the dataset's source declares no `pretrained`"):
        _fit(ENGLISH, tokenizer="pretrained")
