"""What a registered model takes and gives, by its input schema and the dataset's rows as they were fetched."""

import pyarrow as pa
import pyarrow.parquet as pq

from remint import paths
from remint.config.dataset import Column
from remint.config.specs import ClassesSpec, DataSpec, NumbersSpec, TokensSpec
from remint.registry.input_schema import InputSchema
from remint.tracking.packaging import Signature

PARAMETERS = {"on_error": "raise"}
"What a caller may ask for beside the inputs, with what holds unless it does."


def signature(schema: InputSchema, spec: DataSpec) -> Signature:
    """Give the signature of a model: raw feature columns, or a tensor of images."""
    outputs = _outputs(spec)
    if schema.image is not None:
        return Signature(tensor=(-1, *schema.image), outputs=outputs, parameters=PARAMETERS)
    raw = pq.read_schema(paths.prepared(schema.dataset) / "rows.parquet")
    columns = {name: column_type(schema.columns[name], raw.field(name).type) for name in schema.taken}
    return Signature(columns=columns, outputs=outputs, parameters=PARAMETERS)


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


def _outputs(spec: DataSpec) -> dict[str, str]:
    if isinstance(spec.outputs, TokensSpec):
        return {"prediction": "string", "bits_per_character": "double"}
    if isinstance(spec.outputs, NumbersSpec):
        return {f"prediction_{step + 1}": "double" for step in range(spec.outputs.size)}
    if isinstance(spec.outputs, ClassesSpec):
        return {"prediction": "string", **{f"p_{name}": "double" for name in spec.outputs.classes}}
    return {"prediction": "double"}
