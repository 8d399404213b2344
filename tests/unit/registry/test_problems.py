import numpy as np
import pandas as pd
import pytest

from remint.config.dataset import Column
from remint.errors import DataError
from remint.registry.input_schema import InputSchema
from remint.registry.problems import told, type_problems, value_problems, without_blanks

SCHEMA = InputSchema(
    dataset="people",
    modality="tabular",
    target="rich",
    columns={
        "age": Column(type="integer", min=0, max=120),
        "height": Column(type="float", missing=0.1),
        "gain": Column(type="float", min=-5),
        "job": Column(type="category", values=("cook", "1")),
        "town": Column(type="category", missing=0.1),
        "member": Column(type="boolean"),
        "note": Column(type="text", role="ignored"),
        "rich": Column(type="category"),
    },
    taken=("age", "height", "gain", "job", "town", "member"),
    keys=(),
    booleans={"member": ("False", "True")},
    logged=("gain",),
)
GOOD = {"age": 30, "height": 1.7, "gain": 0.0, "job": "cook", "town": "Ulm", "member": True}


def table(**columns: list) -> pd.DataFrame:
    rows = max((len(values) for values in columns.values()), default=1)
    return pd.DataFrame({name: columns.get(name, [value] * rows) for name, value in GOOD.items()})


def problems(rows: pd.DataFrame) -> dict[int, str]:
    rows = without_blanks(SCHEMA, rows)
    wrong = told(type_problems(SCHEMA, rows), rows)
    return wrong or told(value_problems(SCHEMA, rows), rows)


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"age": [1, "x"]}, 'column "age", row 1, is "x"; allowed: a whole number'),
        ({"age": ["1", "2"]}, 'column "age", row 0, is "1"; allowed: a whole number'),
        ({"age": [1.0, 2.5]}, 'column "age", row 1, is 2.5; allowed: a whole number'),
        ({"age": [1, np.inf]}, 'column "age", row 1, is inf; allowed: a finite number, as float32 holds it'),
        ({"age": [1, 121]}, 'column "age", row 1, is 121; allowed: 0 to 120'),
        ({"age": [-1, 1]}, 'column "age", row 0, is -1; allowed: 0 to 120'),
        ({"age": [1, None]}, 'column "age", row 1, is missing; allowed: a value in every row'),
        ({"age": [True, False]}, 'column "age", row 0, is True; allowed: a whole number'),
        ({"gain": [-6.0]}, 'column "gain", row 0, is -6; allowed: at least -5'),
        ({"gain": [-1.0]}, 'column "gain", row 0, is -1; allowed: a number above -1, as log(1 + x) is taken'),
        ({"job": ["cook", "king"]}, 'column "job", row 1, is "king"; allowed: cook, 1'),
        ({"job": ["cook", None]}, 'column "job", row 1, is missing; allowed: a value in every row'),
        ({"job": ["", "1"]}, 'column "job", row 0, is missing; allowed: a value in every row'),
        ({"member": [""]}, 'column "member", row 0, is missing; allowed: a value in every row'),
        ({"age": ["", 3]}, 'column "age", row 0, is missing; allowed: a value in every row'),
        ({"town": [{}]}, 'column "town", row 0, is {}; allowed: a value'),
        ({"member": [2]}, 'column "member", row 0, is 2; allowed: False, True'),
    ],
)
def test_what_is_not_allowed_is_told_with_row_and_column(columns: dict, message: str) -> None:
    rows = table(**columns)
    found = problems(rows)
    assert next(iter(found.values())) == message
    assert list(found) == [int(message.partition("row ")[2].partition(",")[0])] or len(found) == len(rows)


@pytest.mark.parametrize(
    "columns",
    [
        {},
        {"age": [1.0, 2.0]},
        {"age": np.array([1, 2], dtype=np.int8)},
        {"age": pd.array([1, 2], dtype="Int64")},
        {"height": [1.0, None]},
        {"height": [None, None]},
        {"height": np.array([1], dtype=np.float32)},
        {"job": [1, 1.0]},
        {"job": pd.Categorical(["cook", "cook"])},
        {"town": ["anywhere", None]},
        {"town": ["", None]},
        {"town": pd.Categorical(["", "Ulm"])},
        {"height": ["", 1.7]},
        {"member": ["True", "False"]},
    ],
)
def test_what_is_allowed_passes(columns: dict) -> None:
    assert problems(table(**columns)) == {}


def test_columns_are_looked_at_before_rows() -> None:
    with pytest.raises(DataError, match=r'column "agee" is not known; allowed: age, '):
        SCHEMA.check_columns(table().rename(columns={"age": "agee"}).columns)
    with pytest.raises(DataError, match='column "age" is missing'):
        SCHEMA.check_columns(table().drop(columns="age").columns)
    with pytest.raises(DataError, match='column "age" stands there twice'):
        SCHEMA.check_columns([*table(), "age"])
    SCHEMA.check_columns([*table(), "note", "rich"])
