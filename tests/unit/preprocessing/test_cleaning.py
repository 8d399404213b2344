"""Cleaning is fitted on train, changes what it says and no more, and comes back from its JSON the same."""

import json
from typing import Any

import numpy as np
import pandas as pd
import pytest

from remint.config.dataset import CleaningConfig, SchemaConfig
from remint.errors import ConfigError, DataError
from remint.preprocessing.cleaning import Cleaning, fit_cleaning, load_cleaning

SCHEMA = SchemaConfig(
    target="rich",
    columns={
        "id": {"type": "integer", "role": "key"},
        "age": {"type": "float"},
        "job": {"type": "category", "values": ["baker", "smith"]},
        "member": {"type": "boolean"},
        "rich": {"type": "category"},
    },
)
REVIEWS = SchemaConfig(target="label", columns={"text": {"type": "text"}, "label": {"type": "category"}})
POEMS = SchemaConfig(target="text", columns={"text": {"type": "text"}, "poet": {"type": "category", "role": "ignored"}})


def people(n: int = 10) -> pd.DataFrame:
    i = np.arange(n)
    job, member = np.array(["baker", "smith"])[i % 2], pd.Series([True, False] * (n // 2), dtype=object)
    return pd.DataFrame(
        {"id": i, "age": i * 10.0, "job": job, "member": member, "rich": np.array(["no", "yes"])[i % 2]}
    )


def fitted(rows: pd.DataFrame, train: Any = None, schema: SchemaConfig = SCHEMA, **config: Any) -> Cleaning:
    mask = np.ones(len(rows), dtype=bool) if train is None else np.asarray(train)
    return fit_cleaning(rows, mask, schema, CleaningConfig.model_validate(config))


def test_nothing_declared_changes_nothing() -> None:
    rows = people()
    cleaning = fitted(rows)
    pd.testing.assert_frame_equal(cleaning.clean(rows), rows)
    assert cleaning.kept(rows).all()
    assert cleaning.counts(rows) == {"rows": 10, "kept": 10, "columns": {}}


def test_each_step_of_a_number() -> None:
    rows = people().assign(age=[-5, 0, 10, 20, 30, 40, 50, 60, 900, np.nan])
    steps = {"drop": {"min": 0}, "clip": {"max": 100}, "winsorise": [0.25, 0.75], "impute": "median"}
    cleaning = fitted(rows, columns={"age": steps})
    kept = cleaning.kept(rows)
    assert kept.tolist() == [False] + [True] * 9
    assert cleaning.columns["age"].winsorise == (17.5, 52.5)  # of 0, 10, …, 60, 100
    assert cleaning.clean(rows[kept])["age"].tolist() == [17.5, 17.5, 20, 30, 40, 50, 52.5, 52.5, 35.0]
    counts = {"drop": 1, "clip": 1, "winsorise": 4, "impute": 1}
    assert cleaning.counts(rows) == {"rows": 10, "kept": 9, "columns": {"age": counts}}


def test_only_values_of_train_rows_that_stay_are_fitted_on() -> None:
    rows, train = people(), np.arange(10) < 6
    steps = {"age": {"drop": {"max": 40}, "winsorise": [0, 1], "impute": "mean"}}
    cleaning = fitted(rows, train, columns=steps)
    assert (cleaning.columns["age"].winsorise, cleaning.columns["age"].impute) == ((0, 40), 20)
    other = rows.assign(age=np.where(train, rows["age"], 1e6))
    assert fitted(other, train, columns=steps).state() == cleaning.state()


@pytest.mark.parametrize(("impute", "fill"), [("mean", 4), ("median", 2), ("most-frequent", 1), (7, 7), (0.5, 0.5)])
def test_statistics_that_stand_in(impute: Any, fill: float) -> None:
    rows = people(6).assign(age=[1, 1, 2, 2, 14, np.nan])
    cleaned = fitted(rows, columns={"age": {"impute": impute}}).clean(rows)["age"]
    assert cleaned.tolist() == [1, 1, 2, 2, 14, fill]


def test_missing_categories_and_booleans() -> None:
    rows = people(6)
    rows.loc[[0, 3], "job"] = None
    rows.loc[1, "member"] = None
    columns = {"job": {"impute": "most-frequent"}, "member": {"impute": True}}
    cleaning = fitted(rows, columns=columns)
    cleaned = cleaning.clean(rows)
    assert cleaned["job"].tolist() == ["baker", "smith", "baker", "baker", "baker", "smith"]
    assert [str(value) for value in cleaned["member"]] == ["True", "True", "True", "False", "True", "False"]
    assert cleaning.counts(rows)["columns"] == {"job": {"impute": 2}, "member": {"impute": 1}}


def test_category_of_numbers_keeps_its_texts_beside_an_imputed_one() -> None:
    """Beside a text, pandas would turn 1 into 1.0, which is another category."""
    schema = SchemaConfig(target="y", columns={"code": {"type": "category"}, "y": {"type": "category"}})
    rows = pd.DataFrame({"code": [1.0, np.nan, 2.0], "y": ["a", "b", "a"]})
    assert fitted(rows, schema=schema, columns={"code": {"impute": 1}}).clean(rows)["code"].tolist() == ["1", "1", "2"]


def test_duplicates_are_dropped_whatever_their_split() -> None:
    rows = pd.concat([people(), people().iloc[[2, 2, 5]].assign(id=99)], ignore_index=True)
    for train in (np.arange(13) < 4, np.arange(13) > 8):
        cleaning = fitted(rows, train, duplicates="drop")
        assert np.flatnonzero(~cleaning.kept(rows)).tolist() == [10, 11, 12]
    assert cleaning.counts(rows) == {"rows": 13, "kept": 10, "columns": {}, "duplicates": 3}


def test_missing_values_are_alike() -> None:
    rows = people(4).assign(age=[1, np.nan, 1, np.nan], job="smith", member=True, rich="no")
    assert fitted(rows, duplicates="drop").kept(rows).tolist() == [True, True, False, False]


def test_first_of_duplicates_is_the_first_that_is_in_range() -> None:
    rows = people(4).assign(id=[9, 1, 2, 3], age=5, job="smith", member=True, rich="no")
    cleaning = fitted(rows, columns={"id": {"drop": {"max": 5}}}, duplicates="drop")
    assert cleaning.kept(rows).tolist() == [False, True, False, False]


def test_contradictions_are_left_out_whole_and_are_no_duplicates() -> None:
    rows = pd.DataFrame({"text": ["好", "坏", " 好\n", "坏", "一般"], "label": ["pos", "neg", "neg", "neg", "pos"]})
    cleaning = fitted(rows, schema=REVIEWS, duplicates="drop", contradictions="drop")
    assert cleaning.kept(rows).tolist() == [False, True, False, False, True]
    assert cleaning.counts(rows) == {"rows": 5, "kept": 2, "columns": {}, "contradictions": 2, "duplicates": 1}
    kept = fitted(rows, schema=REVIEWS, contradictions="drop").kept(rows)
    assert kept.tolist() == [False, True, False, True, True]


def test_texts_are_alike_after_strip_also_as_the_target() -> None:
    rows = pd.DataFrame({"text": ["床前明月光", "床前明月光 ", "疑是地上霜"], "poet": ["李白", "无名", "李白"]})
    assert fitted(rows, schema=POEMS, duplicates="drop").kept(rows).tolist() == [True, False, True]


def test_images_are_told_apart_by_pixels() -> None:
    schema = SchemaConfig(target="label", columns={"label": {"type": "category"}})
    rows, images = pd.DataFrame({"label": ["0", "0", "1"]}), np.zeros((3, 2, 2, 1), dtype=np.uint8)
    images[1] = 1
    mask, config = np.ones(3, dtype=bool), CleaningConfig(duplicates="drop", contradictions="drop")
    cleaning = fit_cleaning(rows, mask, schema, config, images)
    assert cleaning.kept(rows, images).tolist() == [False, True, False]
    with pytest.raises(DataError, match="no feature tells rows apart"):
        cleaning.kept(rows)


def test_served_rows_lack_the_target_and_keep_their_index() -> None:
    rows = people()
    columns = {"age": {"clip": {"max": 50}}, "rich": {"impute": "no"}}
    served = fitted(rows, columns=columns).clean(rows.drop(columns="rich").iloc[[9, 1]])
    assert (served.index.tolist(), served["age"].tolist(), "rich" in served) == ([9, 1], [50, 10], False)
    assert rows["age"].max() == 90


def test_value_that_is_no_number_is_left_for_the_preprocessor_to_name() -> None:
    cleaning = fitted(people(), columns={"age": {"clip": {"max": 50}, "impute": 0}})
    assert cleaning.clean(pd.DataFrame({"age": ["old", None, "90"]}))["age"].tolist()[0] == "old"
    assert cleaning.clean(pd.DataFrame({"age": ["20", None, "90"]}))["age"].tolist() == [20, 0, 50]


def test_state_comes_back_the_same() -> None:
    rows = people().assign(age=[-5, 0, 10, 20, 30, 40, 50, 60, 900, np.nan])
    steps = {"age": {"drop": {"min": 0}, "clip": {"max": 100}, "winsorise": [0.1, 0.9], "impute": "mean"}}
    cleaning = fitted(rows, columns={**steps, "job": {"impute": "baker"}}, duplicates="drop", contradictions="drop")
    again = load_cleaning(json.loads(json.dumps(cleaning.state())))
    assert again == cleaning
    pd.testing.assert_frame_equal(again.clean(rows), cleaning.clean(rows))


def test_train_without_a_value_imputes_nothing() -> None:
    rows = people(4).assign(age=[np.nan, np.nan, 1, 2])
    cleaning = fitted(rows, [True, True, False, False], columns={"age": {"winsorise": [0, 1], "impute": "mean"}})
    assert cleaning.clean(rows)["age"].isna().sum() == 2


@pytest.mark.parametrize(
    ("config", "message"),
    [
        (
            {"columns": {"agee": {"impute": 0}}},
            'columns.agee is no column of the schema; allowed: id, age, job, member, rich; did you mean "age"?',
        ),
        (
            {"columns": {"job": {"clip": {"min": 0}}}},
            "cleaning.columns.job.clip is declared, but the column is category; allowed: integer, float",
        ),
        ({"columns": {"age": {"drop": {}}}}, "cleaning.columns.age.drop asks nothing; allowed: min, max"),
        ({"columns": {"age": {"winsorise": [0.9, 0.1]}}}, "winsorise runs from 0.9 to 0.1; allowed: a lower end below"),
        (
            {"columns": {"age": {"impute": "old"}}},
            'age.impute is "old"; allowed: mean, median, most-frequent, a number',
        ),
        ({"columns": {"job": {"impute": "mean"}}}, 'job.impute is "mean", but the column is category; allowed: most-f'),
        ({"columns": {"job": {"impute": "king"}}}, 'job.impute is "king"; allowed: most-frequent, baker, smith'),
        ({"columns": {"member": {"impute": "maybe"}}}, 'impute is "maybe"; allowed: most-frequent, true, false'),
    ],
)
def test_what_cannot_be_declared(config: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError) as raised:
        fitted(people(), **config)
    assert message in str(raised.value)


def test_contradictions_of_a_text_with_itself() -> None:
    rows = pd.DataFrame({"text": ["一", "二"], "poet": ["李白", "杜甫"]})
    with pytest.raises(ConfigError, match="contradictions is declared, but the target is the text itself"):
        fitted(rows, schema=POEMS, contradictions="drop")
