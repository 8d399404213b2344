"""Requests as MLflow's scoring servers take them.

`application/json`: an object with one of `dataframe_split`, `dataframe_records`, `instances` or `inputs`, and maybe
`params`; or `text/csv`. See https://mlflow.org/docs/latest/ml/deployment/deploy-model-locally/
"""

import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from remint.errors import DataError
from remint.registry.input_schema import InputSchema
from remint.registry.predictor import OnError
from remint.serving.pictures import images_of
from remint.serving.tables import ended, parse_json, records_to_columns, table_of_texts, table_of_values

FORMS = ("dataframe_split", "dataframe_records", "instances", "inputs")
JSON, CSV = "application/json", "text/csv"


class UnsupportedTypeError(Exception):
    """A body of a type that is not taken."""


@dataclass(frozen=True)
class Question:
    """What a request asks: columns of JSON values, or inputs as `Predictor.predict` takes them."""

    columns: Mapping[str, Sequence[Any]] | None
    inputs: Any
    on_error: OnError

    def table(self, schema: InputSchema) -> Any:
        """Give the inputs as `Predictor.predict` takes them."""
        return self.inputs if self.columns is None else table_of_values(self.columns, schema)


def parse(body: bytes, content_type: str, schema: InputSchema) -> Question:
    """Read a request. Raises DataError for what is no such request, UnsupportedTypeError for another content type."""
    if _is_csv(content_type):
        return Question(None, _csv(body, schema), "raise")
    return _question(_content(body), schema)


def parse_few(body: bytes, content_type: str, schema: InputSchema, most: int) -> Question | None:
    """Read a request as `parse` does if it is JSON with at most `most` rows of a table, which does not take long."""
    if _is_csv(content_type):
        return None
    content = _content(body)
    return _question(content, schema) if _rows(content) <= most else None


def _is_csv(content_type: str) -> bool:
    """Tell CSV from JSON. Raises UnsupportedTypeError for what is neither."""
    kind, _, options = content_type.partition(";")
    charset = dict(part.strip().lower().partition("=")[::2] for part in options.split(";") if part.strip())
    if kind.strip().lower() not in (JSON, CSV) or charset.get("charset", "utf-8").strip('"') not in ("utf-8", "utf8"):
        raise UnsupportedTypeError(f'content type is "{content_type[:100]}"; allowed: {JSON}, {CSV}, both utf-8')
    return kind.strip().lower() == CSV


def _content(body: bytes) -> dict[str, Any]:
    """Give a JSON body that is an object with one form of rows."""
    try:
        content = parse_json(body)
    except DataError as error:
        raise DataError(f"the body is {error}") from None
    if not isinstance(content, dict):
        raise DataError(f"the body is {_kind(content)}; allowed: an object with one of {', '.join(FORMS)}")
    forms = [name for name in FORMS if name in content]
    more = [name for name in content if name not in (*FORMS, "params")]
    if len(forms) != 1 or more:
        found = ", ".join(map(_name, content)) or "nothing"
        raise DataError(f"the body holds {found}; allowed: one of {', '.join(FORMS)}, and params")
    return content


def _question(content: dict[str, Any], schema: InputSchema) -> Question:
    on_error = _on_error(content.get("params"))
    form = next(name for name in FORMS if name in content)
    given = content[form]
    if schema.image is not None:
        if form.startswith("dataframe"):
            raise DataError(f"{form} is for tables; allowed: instances or inputs with images")
        return Question(None, images_of(form, given, schema.image), on_error)
    return Question(_columns(form, given, schema), None, on_error)


def _rows(content: dict[str, Any]) -> int:
    """Count the rows of a body, whether it fits the schema or not."""
    [given] = [content[name] for name in FORMS if name in content]
    lists = list(given.values()) if isinstance(given, dict) else [given]
    return max((len(values) for values in lists if isinstance(values, list)), default=1)


def _on_error(params: Any) -> OnError:
    if params is None or params == {}:
        return "raise"
    if not isinstance(params, dict) or list(params) != ["on_error"] or params["on_error"] not in ("raise", "skip"):
        raise DataError(f'params is {_short(params)}; allowed: {{"on_error": "raise"}} or {{"on_error": "skip"}}')
    return "skip" if params["on_error"] == "skip" else "raise"


def _columns(form: str, given: Any, schema: InputSchema) -> Mapping[str, Sequence[Any]]:
    if form == "dataframe_split":
        return _split(given, schema)
    if form != "dataframe_records" and isinstance(given, dict):
        return _of_columns(form, given, schema)
    if form != "dataframe_records" and schema.text is not None and _all(given, str):
        return {schema.text: given}
    if not _all(given, dict):
        found = (
            next((f"holds {_kind(row)}" for row in given if not isinstance(row, dict)), "")
            if _all(given, object)
            else f"is {_kind(given)}"
        )
        raise DataError(f"{form} {found}; allowed: an array of objects, one a row")
    if not given:
        return {name: [] for name in schema.taken}
    return records_to_columns(given, schema)


def _split(given: Any, schema: InputSchema) -> Mapping[str, Sequence[Any]]:
    if not isinstance(given, dict) or not {"columns", "data"} <= given.keys() <= {"columns", "data", "index"}:
        raise DataError('dataframe_split allows: an object with "columns", "data" and maybe "index"')
    names, rows = given["columns"], given["data"]
    if not _all(names, str) or not _all(rows, list):
        raise DataError("dataframe_split allows: columns, an array of texts, and data, an array of arrays")
    if len(set(names)) != len(names):
        raise DataError("dataframe_split.columns holds a name twice; allowed: once")
    schema.check_columns(names)
    for number, row in enumerate(rows):
        if len(row) != len(names):
            raise DataError(f"dataframe_split.data, row {number}, has {len(row)} values; allowed: {len(names)}")
    return {name: [row[i] for row in rows] for i, name in enumerate(names) if name in schema.taken}


def _of_columns(form: str, given: dict[str, Any], schema: InputSchema) -> Mapping[str, Sequence[Any]]:
    """Take columns, or one row's values."""
    schema.check_columns(given)
    if not any(isinstance(values, list) for values in given.values()):
        return {name: [value] for name, value in given.items()}
    if not _all(list(given.values()), list) or len({len(values) for values in given.values()}) > 1:
        raise DataError(f"{form} allows: arrays of one length, one a column")
    return given


def _csv(body: bytes, schema: InputSchema) -> Any:
    import pyarrow as pa
    from pyarrow import csv

    if schema.image is not None:
        raise DataError(f"{CSV} is for tables; allowed: {JSON} with instances or inputs")
    convert = csv.ConvertOptions(column_types=dict.fromkeys(schema.columns, "string"), strings_can_be_null=False)
    parse = csv.ParseOptions(newlines_in_values=True)
    read = csv.ReadOptions(block_size=max(len(body), 1) + 1)  # a row of any length
    try:
        found = csv.read_csv(io.BytesIO(ended(body)), read, parse, convert)
        schema.check_columns(found.column_names)
        return table_of_texts({str(name): column for name, column in found.to_pandas().items()}, schema)
    except (pa.ArrowException, UnicodeError) as error:
        raise DataError(f"the body is no CSV: {str(error).splitlines()[0][:200]}") from None


def _all(given: Any, kind: type) -> bool:
    return isinstance(given, list) and all(isinstance(value, kind) for value in given)


def _kind(value: Any) -> str:
    names = {dict: "an object", list: "an array", str: "a text", bool: "a boolean", type(None): "null"}
    return names.get(type(value), "a number")


def _name(name: str) -> str:
    return f'"{name[:40]}"'


def _short(value: Any) -> str:
    text = json.dumps(value)
    return text if len(text) <= 80 else f"{text[:79]}…"
