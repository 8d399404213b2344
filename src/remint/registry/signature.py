"""What a registered model takes and gives, by the declaration of its dataset and its rows as they were fetched."""

from typing import Annotated

import pyarrow as pa
import pyarrow.parquet as pq
from pydantic import Field

from remint import paths
from remint.config.base import Config
from remint.config.dataset import Column, SchemaConfig
from remint.config.load import load_section
from remint.config.specs import ClassesSpec, DataSpec, ImageSpec, NumbersSpec, SeriesSpec, TokensSpec
from remint.tracking.packaging import Signature


class _Section(Config):
    schema_: Annotated[SchemaConfig, Field(alias="schema")]


def signature(dataset: str, spec: DataSpec) -> Signature:
    """Give the signature of a model of a dataset: raw feature columns, or a tensor of images."""
    outputs = _outputs(spec)
    if isinstance(spec.inputs, ImageSpec):
        return Signature(tensor=(-1, spec.inputs.height, spec.inputs.width, spec.inputs.channels), outputs=outputs)
    schema = load_section(paths.DATASETS_FILE, "datasets", dataset, _Section).schema_
    raw = pq.read_schema(paths.prepared(dataset) / "rows.parquet")
    columns = {name: column_type(schema.columns[name], raw.field(name).type) for name in _taken(schema, spec)}
    return Signature(columns=columns, outputs=outputs)


def column_type(column: Column, stored: pa.DataType) -> str:
    """Give MLflow's type for a raw column, `any` where none of them takes all that the model takes.

    MLflow refuses a float where a long stands, so an integer that may be missing, which pandas holds as a float, is
    no long; and it refuses an int64 where a double stands.
    """
    if pa.types.is_boolean(stored):
        return "boolean" if column.missing == 0 else "any"
    if pa.types.is_integer(stored) and column.type == "integer" and column.missing == 0:
        return "long"
    if pa.types.is_floating(stored) and column.type == "float":
        return "double"
    if pa.types.is_string(stored) or pa.types.is_large_string(stored):
        return "string"
    return "any"


def _taken(schema: SchemaConfig, spec: DataSpec) -> tuple[str, ...]:
    """Name the raw columns that a model takes: of a series its times and its own past, too."""
    if isinstance(spec.outputs, TokensSpec):
        return (schema.target,)
    if isinstance(spec.inputs, SeriesSpec):
        return tuple(name for name, column in schema.columns.items() if column.role != "ignored")
    return schema.features()


def _outputs(spec: DataSpec) -> dict[str, str]:
    if isinstance(spec.outputs, TokensSpec):
        return {"prediction": "string", "bits_per_character": "double"}
    if isinstance(spec.outputs, NumbersSpec):
        return {f"prediction_{step + 1}": "double" for step in range(spec.outputs.size)}
    if isinstance(spec.outputs, ClassesSpec):
        return {"prediction": "string", **{f"p_{name}": "double" for name in spec.outputs.classes}}
    return {"prediction": "double"}
