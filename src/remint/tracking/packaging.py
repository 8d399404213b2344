"""A model as MLflow keeps it: a folder with our data, our code and a signature; nothing in it is pickled."""

import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import remint
from remint.files import write_json
from remint.provenance import file_digests
from remint.tracking.failures import store_errors

if TYPE_CHECKING:
    from mlflow.models import ModelSignature
    from mlflow.types.schema import AnyType, DataType

FILES = "files.json"
"In a version's folder: sha256 by path of what MLflow wrote there, but of `data/`, which has its own `checksums.json`."
FILES_SEAL = "remint.files"
"Tag of a version: sha256 of its `files.json`."
_WRITTEN = ("MLmodel", "code", "conda.yaml", "python_env.yaml", "requirements.txt")


@dataclass(frozen=True)
class Signature:
    """What a model takes and gives, so that MLflow can check it and its pages can tell it."""

    columns: Mapping[str, str] = field(default_factory=dict)
    "Column to MLflow's type of it (long, double, string, boolean); `any`: MLflow does not check it."
    tensor: tuple[int, ...] | None = None
    "Shape of a uint8 tensor, −1 for the rows, where the model takes no table."
    outputs: Mapping[str, str] = field(default_factory=dict)
    parameters: Mapping[str, str] = field(default_factory=dict)
    "Texts that a caller may give beside the inputs, with what holds unless it does."


@dataclass(frozen=True)
class Package:
    """What goes into the folder of a model."""

    loader: str
    "Module whose `_load_pyfunc(folder)` gives an object with `predict`."
    files: tuple[Path, ...]
    "Copied into the folder that the loader is given."
    requirements: tuple[str, ...]
    "Pinned packages that the loader needs."
    signature: Signature
    written: Mapping[str, str] = field(default_factory=dict)
    "Name to text of files that are written into that folder, too."


def write_files(folder: Path, package: Package) -> None:
    """Make the folder that the loader is given, which must not exist: links to the files, and what is written."""
    folder.mkdir(parents=True)
    for file in package.files:
        folder.joinpath(file.name).symlink_to(file.resolve())  # MLflow copies what a link leads to
    for name, text in package.written.items():
        folder.joinpath(name).write_text(text, encoding="utf-8")


def write_package(folder: Path, package: Package, model_id: str, run_id: str) -> None:
    """Write a model's folder, which must not exist. The whole of remint's code goes with it, and `files.json`.

    Raises RemintError.
    """
    from mlflow import pyfunc
    from mlflow.models import Model

    data = folder.with_name("files")
    write_files(data, package)
    model = Model(model_uuid=model_id, model_id=model_id, run_id=run_id)
    with store_errors(), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # an example of the input is asked for; the signature is explicit
        pyfunc.save_model(
            str(folder),
            loader_module=package.loader,
            data_path=str(data),
            code_paths=[remint.__path__[0]],
            pip_requirements=list(package.requirements),
            signature=_signature(package.signature),
            mlflow_model=model,
        )
    write_json(folder / FILES, package_digests(folder))


def package_digests(folder: Path) -> dict[str, str]:
    """Give the sha256 of the files that `files.json` tells of, by their path in a model's folder."""
    found = (entry for name in _WRITTEN for entry in file_digests(folder / name).items())
    return {Path(file).relative_to(folder).as_posix(): digest for file, digest in found}


def _signature(signature: Signature) -> "ModelSignature":
    import numpy as np
    from mlflow.models import ModelSignature
    from mlflow.types.schema import ColSpec, DataType, ParamSchema, ParamSpec, Schema, TensorSpec

    if signature.tensor is not None:
        inputs = Schema([TensorSpec(np.dtype("uint8"), signature.tensor)])
    else:
        inputs = Schema([ColSpec(_type(kind), name) for name, kind in signature.columns.items()])
    outputs = Schema([ColSpec(_type(kind), name) for name, kind in signature.outputs.items()])
    parameters = ParamSchema([ParamSpec(name, DataType.string, value) for name, value in signature.parameters.items()])
    return ModelSignature(inputs, outputs, parameters)


def _type(kind: str) -> "DataType | AnyType":
    from mlflow.types.schema import AnyType, DataType

    return AnyType() if kind == "any" else DataType[kind]  # type: ignore[no-untyped-call]
