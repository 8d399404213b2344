import pyarrow as pa
import pytest

from remint.config.dataset import Column
from remint.registry.signature import column_type


@pytest.mark.parametrize(
    ("declared", "stored", "expected"),
    [
        ({"type": "integer"}, pa.int64(), "long"),
        ({"type": "integer"}, pa.int32(), "long"),
        ({"type": "integer", "missing": 0.1}, pa.int64(), "any"),
        ({"type": "integer", "missing": 0.1}, pa.float64(), "any"),
        ({"type": "float"}, pa.float64(), "double"),
        ({"type": "float", "missing": 0.1}, pa.float64(), "double"),
        ({"type": "float"}, pa.int64(), "any"),
        ({"type": "category"}, pa.string(), "string"),
        ({"type": "category", "missing": 0.1}, pa.large_string(), "string"),
        ({"type": "category"}, pa.int64(), "any"),
        ({"type": "boolean"}, pa.bool_(), "boolean"),
        ({"type": "boolean", "missing": 0.1}, pa.bool_(), "any"),
    ],
)
def test_a_column_is_checked_where_mlflow_can_say_what_it_is(
    declared: dict, stored: pa.DataType, expected: str
) -> None:
    assert column_type(Column.model_validate(declared), stored) == expected
