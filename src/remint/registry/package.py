"""What is put together for a registered model, for the predictor to load."""

from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Annotated

import pyarrow as pa
import pyarrow.parquet as pq
from packaging.version import Version
from pydantic import Field

from remint import paths
from remint.config.base import Config
from remint.config.dataset import Modality, SchemaConfig
from remint.config.load import load_section
from remint.config.source import SourceConfig
from remint.config.specs import DataSpec, TextSpec
from remint.errors import RemintError
from remint.files import json_text, read_json
from remint.models.base import model_config
from remint.provenance import content_digest
from remint.registry.checksums import CHECKSUMS, DESCRIPTION, PREPROCESSOR, SCHEMA, WEIGHTS, checksums_text, digest
from remint.registry.input_schema import Stored, input_schema
from remint.registry.signature import signature
from remint.tracking.packaging import Package

LOADER = "remint.registry.predictor"
PACKAGES = ("numpy", "pandas", "pydantic", "ruamel.yaml", "safetensors", "torch")
"What a process needs to load and use a predictor, beside mlflow."


class _Section(Config):
    modality: Modality
    source: SourceConfig
    schema_: Annotated[SchemaConfig, Field(alias="schema")]


def predictor_package(experiment: str, dataset: str, trained_on: Mapping[str, str]) -> Package:
    """Put a trained network together with the preprocessing that it was trained on, and what its inputs must be.

    `trained_on` maps what was read in training to its sha256. Raises RemintError where it is another now.
    """
    for path, expected in trained_on.items():
        if not Path(path).exists() or content_digest(Path(path)) != expected:
            raise RemintError(f"{experiment} was trained on another {path}; run `remint run {experiment}`")
    folder, fitted = paths.model(experiment), paths.prepared(dataset) / PREPROCESSOR
    description = read_json(folder / DESCRIPTION)
    spec = DataSpec.model_validate(description["spec"])
    packages = {*PACKAGES, *model_config(experiment, description["model"]).packages}
    if isinstance(spec.inputs, TextSpec):
        packages.add("tokenizers")
    section = load_section(paths.DATASETS_FILE, "datasets", dataset, _Section)
    raw = pq.read_schema(paths.prepared(dataset) / "rows.parquet")
    stored = {name: _stored(raw.field(name).type) for name in section.schema_.columns if name in raw.names}
    missing = tuple(getattr(section.source.format, "missing", ("",)))
    schema = input_schema(dataset, section.modality, section.schema_, spec, read_json(fitted), stored, missing)
    files = (folder / WEIGHTS, folder / DESCRIPTION, fitted)
    written = {SCHEMA: json_text(schema.model_dump(mode="json"))}
    sums = checksums_text({**{f.name: f for f in files}, **{n: text.encode() for n, text in written.items()}})
    return Package(
        loader=LOADER,
        files=files,
        requirements=tuple(f"{name}=={Version(version(name)).public}" for name in sorted(packages)),
        signature=signature(schema, spec),
        written={**written, CHECKSUMS: sums},
    )


def package_digest(package: Package) -> str:
    """Give the sha256 of the package's `checksums.json`, for the version's tag `remint.checksums`."""
    return digest(package.written[CHECKSUMS].encode())


def _stored(kind: pa.DataType) -> Stored:
    if pa.types.is_boolean(kind):
        return "boolean"
    return "number" if pa.types.is_integer(kind) or pa.types.is_floating(kind) else "text"
