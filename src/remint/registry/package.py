"""What is put together for a registered model, for the predictor to load."""

from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path

from packaging.version import Version

from remint import paths
from remint.config.specs import DataSpec, TextSpec
from remint.errors import RemintError
from remint.files import read_json
from remint.models.base import model_config
from remint.provenance import content_digest
from remint.registry.signature import signature
from remint.tracking.packaging import Package

LOADER = "remint.registry.predictor"
WEIGHTS, DESCRIPTION, PREPROCESSOR = "weights.safetensors", "model.json", "preprocessor.json"
PACKAGES = ("numpy", "pandas", "pydantic", "ruamel.yaml", "safetensors", "torch")
"What a process needs to load and use a predictor, beside mlflow."


def predictor_package(experiment: str, dataset: str, trained_on: Mapping[str, str]) -> Package:
    """Put a trained network together with the preprocessing that it was trained on.

    `trained_on` maps what was read in training to its sha256. Raises RemintError where it is another now.
    """
    for path, digest in trained_on.items():
        if not Path(path).exists() or content_digest(Path(path)) != digest:
            raise RemintError(f"{experiment} was trained on another {path}; run `remint run {experiment}`")
    folder, prepared = paths.model(experiment), paths.prepared(dataset)
    description = read_json(folder / DESCRIPTION)
    spec = DataSpec.model_validate(description["spec"])
    packages = {*PACKAGES, *model_config(experiment, description["model"]).packages}
    if isinstance(spec.inputs, TextSpec):
        packages.add("tokenizers")
    return Package(
        loader=LOADER,
        files=(folder / WEIGHTS, folder / DESCRIPTION, prepared / PREPROCESSOR),
        requirements=tuple(f"{name}=={Version(version(name)).public}" for name in sorted(packages)),
        signature=signature(dataset, spec),
    )
