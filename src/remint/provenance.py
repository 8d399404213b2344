"""What decides a training: digests of data and code, parameters, environment."""

import ast
import hashlib
import json
import os
import platform
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import remint

PACKAGES = ("torch", "pytorch-lightning", "numpy", "scipy", "pandas", "pyarrow", "scikit-learn", "safetensors")
"Packages whose version can change the bits of any model; a family may name more."
HARDWARE = ("machine", "processor", "instructions")
"""What of an environment is the machine's: libraries choose kernels, and the blocks that they sum in, by it. The
processor's model is not in `environment`: most have the same bits, and a team is to have one fingerprint."""
SETTINGS = (
    "ATEN_CPU_CAPABILITY",
    "DNNL_DEFAULT_FPMATH_MODE",
    "DNNL_MAX_CPU_ISA",
    "MKL_CBWR",
    "MKL_ENABLE_INSTRUCTIONS",
    "NPY_DISABLE_CPU_FEATURES",
    "ONEDNN_DEFAULT_FPMATH_MODE",
    "ONEDNN_MAX_CPU_ISA",
    "OPENBLAS_CORETYPE",
)
"Environment variables that choose other kernels; those that are set are part of `environment`."


def file_digests(path: Path) -> dict[str, str]:
    """Give the sha256 of a file, or of each file below a folder, by its path; caches of Python are left out."""
    files = sorted(path.rglob("*")) if path.is_dir() else [path]
    return {file.as_posix(): _sha256(file) for file in files if file.is_file() and "__pycache__" not in file.parts}


def content_digest(path: Path) -> str:
    """Give the sha256 of a file's content, or of a folder's relative paths and contents."""
    if not path.is_dir():
        return _sha256(path)
    whole = hashlib.sha256()
    for file, digest in file_digests(path).items():
        whole.update(f"{Path(file).relative_to(path).as_posix()}\0{digest}\n".encode())
    return whole.hexdigest()


def code_closure(*roots: str) -> tuple[Path, ...]:
    """Give the files of the first-party modules that `roots` import, directly or not, the roots included.

    Read off the import statements, not off what this process has loaded, so that it is the same whoever runs a stage.
    `__init__` files hold no code (a test says so) and are left out.
    """
    found: dict[str, Path] = {}
    waiting = list(roots)
    while waiting:
        name = waiting.pop()
        file = _module_file(name)
        if name in found or file is None:
            continue
        found[name] = file
        waiting.extend(_imports(file))
    return tuple(sorted(found.values()))


def fingerprint(
    inputs: Iterable[Path], section: Mapping[str, Any], code: Iterable[Path], packages: Iterable[str] = ()
) -> dict[str, Any]:
    """Give `{"fingerprint": sha256, "parts": {"data", "parameters", "seed", "precision", "code", "environment"}}`.

    `inputs` are files or folders relative to the project's root, `section` is the experiment's, with `seed` and
    `trainer`, `code` are files inside the package, `packages` those that the model needs beside `PACKAGES`. The sha256
    is that of the parts' canonical JSON.
    """
    root = _package_root()
    parameters, trainer = dict(section), dict(section["trainer"])
    seed, precision, threads = parameters.pop("seed"), trainer.pop("precision"), trainer.pop("threads")
    parts = {
        "data": {path.as_posix(): content_digest(path) for path in inputs},
        "parameters": {**parameters, "trainer": trainer},
        "seed": seed,
        "precision": precision,
        "code": {path.relative_to(root).as_posix(): content_digest(path) for path in code},
        "environment": {**environment(packages), "threads": threads},
    }
    return {"fingerprint": parts_digest(parts), "parts": parts}


def parts_digest(parts: Mapping[str, Any]) -> str:
    """Give the sha256 of a fingerprint's parts: keys sorted, no spaces, UTF-8."""
    canonical = json.dumps(parts, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(canonical.encode()).hexdigest()


def section_of(parts: Mapping[str, Any]) -> dict[str, Any]:
    """Give the experiment's section, as `fingerprint` took it, from a fingerprint's parts."""
    own = {"precision": parts["precision"], "threads": parts["environment"]["threads"]}
    parameters = parts["parameters"]
    return {**parameters, "trainer": {**parameters["trainer"], **own}, "seed": parts["seed"]}


def environment(packages: Iterable[str] = ()) -> dict[str, str]:
    """Give what can change a training's bits beside data, parameters, threads and code.

    Interpreter, C library (its `libm`), machine, the vector instructions that torch uses, the packages `PACKAGES` and
    those given, `absent` for one that is not installed, and of `SETTINGS` what is set.
    """
    found = {
        "python": platform.python_version(),
        "libc": " ".join(platform.libc_ver()),
        "machine": platform.machine(),
        "instructions": _instructions(),
    }
    versions = {name: _version(name) for name in (*PACKAGES, *packages)}
    return {**found, **versions, **{name: os.environ[name] for name in SETTINGS if name in os.environ}}


@cache
def processor() -> str:
    """Name the processor's model; `unknown` where the system does not tell, as Linux on ARM."""
    about = Path("/proc/cpuinfo")
    lines = about.read_text(errors="replace").splitlines() if about.exists() else []
    named = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(named, "") or platform.processor() or "unknown"


def _package_root() -> Path:
    return Path(remint.__path__[0]).resolve()


def _sha256(file: Path) -> str:
    with file.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def _module_file(name: str) -> Path | None:
    file = _package_root().parent.joinpath(*name.split(".")).with_suffix(".py")
    return file if file.is_file() else None


def _imports(file: Path) -> list[str]:
    """List what a file imports, anywhere in it, as names that may be modules of remint."""
    names: list[str] = []
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names += [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
    return [name for name in names if name.startswith("remint.")]


@cache
def _instructions() -> str:
    """Name the vector instructions that torch uses on this processor."""
    import torch

    return torch.backends.cpu.get_cpu_capability()


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "absent"
